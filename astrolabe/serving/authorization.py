"""Who may send commands: the token of a request, in the forms that the clients send it."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping

from pydantic import SecretStr

from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.errors import DataApiError
from astrolabe.portal.tokens import Tokens

_HEADERS = ("token", "x-cassandra-token")
_BEARER = "bearer "
_PASSWORD_FORM = "Cassandra"  # noqa: S105 - the name of a form, not a secret
_PASSWORD_PARTS = 3


class Gate:
    """Decides on each request by its token.

    Args:
        tokens: The stored application tokens.
        only: The one accepted token in their place, if any.
        open_to_all: Whether a request needs no token at all.
    """

    def __init__(self, tokens: Tokens, *, only: SecretStr | None = None, open_to_all: bool = False) -> None:
        self._tokens = tokens
        self._only = only
        self._open = open_to_all

    async def refusal(self, headers: Mapping[str, str]) -> DataApiError | None:
        """Return why a request is refused, or None when it is not.

        Args:
            headers: The request's, their names in lower case.
        """
        if self._open:
            return _from_a_web_page() if "origin" in headers else None
        token = _token_of(headers)
        if token is None:
            return data_api_error(
                "MISSING_AUTHENTICATION_TOKEN",
                "The request has no token. Send an application token in the header 'Token'.",
            )
        if await self._accepted(token):
            return None
        return data_api_error(
            "UNAUTHENTICATED_REQUEST",
            "The token of the request is not accepted: it was never created here, or it was revoked.\n"
            "Send a valid application token in the header 'Token'.",
        )

    async def _accepted(self, token: str) -> bool:
        if self._only is not None:
            return hmac.compare_digest(token.encode(), self._only.get_secret_value().encode())
        return await self._tokens.accepts(SecretStr(token))


def _from_a_web_page() -> DataApiError:
    """Without a token, any page that this machine's browser shows could send commands; only browsers name an origin."""
    return data_api_error(
        "UNAUTHORIZED_ACCESS",
        "The request comes from a web page, and this server takes those only when it requires a token.\n"
        "Start it without --no-token, and send an application token in the header 'Token'.",
    )


def _token_of(headers: Mapping[str, str]) -> str | None:
    """Return the token, taken out of the form that clients build for self-hosted databases; None if there is none."""
    found = next((headers[name].strip() for name in _HEADERS if headers.get(name, "").strip()), None)
    if found is None:
        bearer = headers.get("authorization", "").strip()
        found = bearer[len(_BEARER) :].strip() if bearer.lower().startswith(_BEARER) else None
    return _password(found) if found else None


def _password(token: str) -> str:
    """Return the password of ``Cassandra:<base64 user>:<base64 password>``, any other token as it is.

    A token is its own proof, so the user's name does not matter; Astra DB's own convention is ``token``.
    """
    parts = token.split(":")
    if len(parts) != _PASSWORD_PARTS or parts[0] != _PASSWORD_FORM:
        return token
    try:
        return base64.b64decode(parts[2], validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return token
