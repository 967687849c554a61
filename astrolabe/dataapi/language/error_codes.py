"""Every error and warning code of the Data API with its family and scope, and the way to make one.

A code may exist in several scopes (``UNKNOWN_TABLE_COLUMNS`` in four); whoever makes such an error names the scope.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from astrolabe.dataapi.language.error_titles import TITLES
from astrolabe.errors import DataApiError, Family, Owner


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """One documented code in one scope."""

    code: str
    family: Family
    scope: str
    title: str


def _build_catalogue() -> dict[str, tuple[CodeEntry, ...]]:
    catalogue: dict[str, tuple[CodeEntry, ...]] = {}
    for family, scope, titles in TITLES:
        for code, title in titles.items():
            catalogue[code] = (*catalogue.get(code, ()), CodeEntry(code, family, scope, title))
    return catalogue


CATALOGUE: Mapping[str, tuple[CodeEntry, ...]] = _build_catalogue()
"""Code -> its entries, one per scope it exists in; most codes have one."""


def code_entry(code: str, scope: str | None = None) -> CodeEntry:
    """Return the entry of ``code`` in ``scope``.

    Args:
        code: A documented code.
        scope: Needed only for codes that exist in several scopes.

    Raises:
        LookupError: The code is not documented, not in that scope, or the scope was left open where there are several.
    """
    entries = [entry for entry in CATALOGUE.get(code, ()) if scope is None or entry.scope == scope]
    if len(entries) != 1:
        raise LookupError(f"{code!r} stands for {len(entries)} documented codes in the scope {scope!r}, not for one.")
    return entries[0]


LONGEST_MESSAGE = 8000
"""Characters of a message, but for those that a mark in the middle takes."""

_BEGINNING = 6000


def data_api_error(
    code: str,
    message: str,
    *,
    scope: str | None = None,
    document_ids: Sequence[Any] = (),
    hint: str = "",
) -> DataApiError:
    """Make the documented error ``code``.

    Args:
        code: A code of the catalogue.
        message: What is wrong, with the offending path or value, and how to mend and resend; our own words. Halves of
            surrogate pairs, which a quoted name may have, are spelled out, so that the message can be sent anywhere.
            Of one that quotes a whole request, the middle is left out.
        scope: Needed only for codes that exist in several scopes.
        document_ids: Ids of the documents concerned, in their JSON form.
        hint: A next step that only the console shows; the wire carries the message alone.

    Raises:
        LookupError: The code is not documented (a fault of the caller, never of the request).
    """
    entry = code_entry(code, scope)
    if len(message) > LONGEST_MESSAGE:
        message = f"{message[:_BEGINNING]} … {message[_BEGINNING - LONGEST_MESSAGE :]}"
    return DataApiError(
        message.encode("utf-8", "backslashreplace").decode("utf-8"),
        family=entry.family,
        scope=entry.scope,
        code=entry.code,
        heading=entry.title,
        document_ids=document_ids,
        hint=hint,
        owner=Owner.PROVIDER if entry.scope.endswith("_PROVIDER") else None,
    )
