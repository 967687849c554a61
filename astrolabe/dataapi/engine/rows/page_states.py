"""Where the next page of rows starts."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from astrolabe.dataapi.language.error_codes import data_api_error

_MARK = b"\x01"
_COUNT_BYTES = 8


@dataclass(frozen=True, slots=True)
class RowPageState:
    """Where the next page of a find starts; opaque text outside.

    Attributes:
        after: Key of the last row returned; None for the beginning.
        served: How many rows the pages before had, for a ``limit`` over all pages.
    """

    after: str | None = None
    served: int = 0

    def encode(self) -> str:
        """Return the opaque text."""
        raw = _MARK + self.served.to_bytes(_COUNT_BYTES, "big") + (self.after or "").encode("latin-1")
        return base64.urlsafe_b64encode(raw).decode("ascii")

    @classmethod
    def decode(cls, text: str, name: str) -> RowPageState:
        """Read the opaque text.

        Args:
            text: The text.
            name: The table's name, for messages.

        Raises:
            DataApiError: ``UNEXPECTED_DRIVER_ERROR``: it was not made by :meth:`encode`.
        """
        try:
            raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeError):
            raw = b""
        if not raw.startswith(_MARK) or len(raw) <= _COUNT_BYTES:
            raise data_api_error(
                "UNEXPECTED_DRIVER_ERROR",
                f"The option 'pageState' of a find on the table {name} must be the 'nextPageState' of an answer, "
                "unchanged.\n\nLeave it out to begin with the first page.",
            )
        served = int.from_bytes(raw[1 : 1 + _COUNT_BYTES], "big")
        return cls(raw[1 + _COUNT_BYTES :].decode("latin-1"), served)
