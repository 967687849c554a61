"""Who may send commands: the token of a request, in the forms that the clients send it."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress

from pydantic import SecretStr

from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.errors import DataApiError
from astrolabe.portal.tokens import UNLIMITED, ApplicationToken, Tokens
from astrolabe.serving.hosts import is_ours

_HEADERS = ("token", "x-cassandra-token")
KEY_HEADERS = ("x-embedding-api-key", "x-embedding-access-id", "x-embedding-secret-id", "reranking-api-key")
"""Headers with the keys of providers."""

_KEYS = (*KEY_HEADERS, "authorization")
_BEARER = "bearer "
_PASSWORD_FORM = "Cassandra"  # noqa: S105 - the name of a form, not a secret
_PASSWORD_PARTS = 3
ASK_FOR_MORE = "Send a token that may: `astrolabe tokens list` shows what each of them may do."
"""What to do about a right that a token has not got."""

_BLANKS = " \t"
"""What HTTP allows around a header's value; other blanks may be bytes of a letter."""


class Gate:
    """Decides on each request by its token, or, where none is required, by where it comes from.

    Args:
        tokens: The stored application tokens.
        only: The one accepted token in their place, if any.
        open_to_all: Whether a request needs no token at all.
        hosts: Names, beside those of loopback, that a request without a token may be addressed to.
    """

    def __init__(
        self,
        tokens: Tokens,
        *,
        only: SecretStr | None = None,
        open_to_all: bool = False,
        hosts: Collection[str] = (),
    ) -> None:
        self._tokens = tokens
        self._only = _spellings(only.get_secret_value()) if only is not None else None
        self._open = open_to_all
        self._hosts = frozenset(name.casefold() for name in hosts)

    async def token(self, headers: Mapping[str, str]) -> ApplicationToken:
        """Return the token of a request, which says what it may do.

        Args:
            headers: The request's, their names in lower case, each byte of a value one character.

        Raises:
            DataApiError: The request is refused.
        """
        if self._open:
            self._refuse_strangers(headers)
            return UNLIMITED
        sent = _sent(headers)
        if not sent:
            raise data_api_error(
                "MISSING_AUTHENTICATION_TOKEN",
                "The request has no token. Send an application token in the header 'Token'.",
            )
        for token in _tokens_in(sent):
            found = await self._known(token)
            if found is not None:
                return found
        raise data_api_error(
            "UNAUTHENTICATED_REQUEST",
            "The token of the request is not accepted: it was never created here, or it was revoked.\n"
            "Send a valid application token in the header 'Token'.",
        )

    async def _known(self, token: bytes) -> ApplicationToken | None:
        if self._only is not None:
            same = any(hmac.compare_digest(token, spelling) for spelling in self._only)
            return UNLIMITED if same else None
        return await self._tokens.of(SecretStr(token.decode("utf-8", "replace")))

    def _refuse_strangers(self, headers: Mapping[str, str]) -> None:
        """Refuse what a browser sent, and what is addressed to a name that is not this machine's own.

        Without a token, any page that this machine's browser shows could send commands. Browsers name an origin, or say
        how the page and the server are related; programs do not. A page may also have its own host name lead here, so
        that the browser takes the two for one: the name in the Host header gives that away.
        """
        if "origin" in headers or "sec-fetch-site" in headers:
            raise _refused("comes from a web page")
        if not is_ours(headers.get("host", ""), self._hosts):
            raise _refused(
                "is addressed to a host name that is not this machine's own",
                " Or send it to localhost, to 127.0.0.1, or to a name of the setting server.host_names.",
            )


def without_right(what: str) -> DataApiError:
    """Return what is said to a request whose token is known and may not do this."""
    return data_api_error(
        "UNAUTHORIZED_ACCESS",
        f"The token of the request {what}.\n{ASK_FOR_MORE}",
    )


def secrets_in(headers: Mapping[str, str]) -> tuple[str, ...]:
    """Return what stands in a request's headers that nobody may be shown: tokens, their passwords, and keys."""
    found = [headers.get(name, "").strip(_BLANKS) for name in (*_HEADERS, *_KEYS)]
    tokens = {
        token.decode("latin-1") for sent in found if sent for token in _tokens_in(sent.encode("latin-1", "replace"))
    }
    return tuple(sorted(tokens.union(filter(None, found)), key=len, reverse=True))


def _refused(what: str, more: str = "") -> DataApiError:
    return data_api_error(
        "UNAUTHORIZED_ACCESS",
        f"The request {what}, and this server takes those only when it requires a token.\n"
        f"Start it without --no-token, and send an application token in the header 'Token'.{more}",
    )


def _spellings(token: str) -> tuple[bytes, ...]:
    """Return the bytes that clients send for a token: with letters beyond ASCII, there are two customs."""
    token = token.strip(_BLANKS)
    encoded = [token.encode("utf-8", "surrogatepass")]
    with suppress(UnicodeEncodeError):
        encoded.append(token.encode("latin-1"))
    return tuple(spelling for spelling in dict.fromkeys(encoded) if spelling)


def _sent(headers: Mapping[str, str]) -> bytes:
    """Return what stands in the place of a token; empty when there is none."""
    for name in _HEADERS:
        found = headers.get(name, "").strip(_BLANKS)
        if found:
            return found.encode("latin-1", "replace")
    bearer = headers.get("authorization", "").strip(_BLANKS)
    if bearer.lower().startswith(_BEARER):
        return bearer[len(_BEARER) :].strip(_BLANKS).encode("latin-1", "replace")
    return b""


def _tokens_in(sent: bytes) -> Iterator[bytes]:
    """Yield what the token may be: what was sent, and the password of ``Cassandra:<base64 user>:<base64 password>``.

    Clients build that form for self-hosted databases. A token is its own proof, so the user's name does not matter;
    Astra DB's own convention is ``token``. An empty password proves nothing.
    """
    yield sent
    parts = sent.split(b":")
    if len(parts) != _PASSWORD_PARTS or parts[0] != _PASSWORD_FORM.encode():
        return
    try:
        password = base64.b64decode(parts[2], validate=True).strip(_BLANKS.encode())
    except binascii.Error:
        return
    if password:
        yield password
