"""Tokens of Google Cloud: a service account signs who it is, and is given a token for an hour.

The account's private key never leaves this process. It signs a statement (a JWT, RS256) that Google's token address
exchanges; the token that comes back goes to Vertex AI in place of a key.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pydantic import SecretStr

from astrolabe.errors import Owner, ProviderError, ProviderFailure, ProviderReply
from astrolabe.providers.catalogue.address import AddressError, check, host_of, is_loopback
from astrolabe.providers.catalogue.provider_info import ProviderInfo
from astrolabe.providers.wire.adapters import Call
from astrolabe.providers.wire.adapters.error_text import find_words
from astrolabe.providers.wire.adapters.table import USER_AGENT
from astrolabe.providers.wire.failures import TransportError, from_answer, from_transport, make_error
from astrolabe.providers.wire.foreign_json import finite_number, read_json
from astrolabe.providers.wire.redaction import without_key

if TYPE_CHECKING:
    from astrolabe.providers.wire.adapters import Reply
    from astrolabe.providers.wire.transport import Transport

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_HOURS = 3600
_SPARE_SECONDS = 120
_MOST_KEPT = 128
_LARGEST_ANSWER = 64 * 1024
_SUCCESS = 200
_REFUSALS = frozenset({400, 401, 403})
_WORDS = ("/error_description", "/error/message", "/error")


class GoogleTokens:
    """Exchanges service accounts for tokens, and keeps each token while it is valid.

    Args:
        allow_plain_http: Whether a token address on another machine may be without TLS.
        now: The time, in seconds since 1970.
    """

    def __init__(self, *, allow_plain_http: bool = False, now: Callable[[], float] = time.time) -> None:
        self._allow_plain_http = allow_plain_http
        self._now = now
        self._kept: dict[bytes, tuple[float, SecretStr]] = {}
        self._exchanging = asyncio.Lock()

    async def token(
        self, provider: ProviderInfo, account: SecretStr, transport: Transport, *, seconds: float
    ) -> SecretStr:
        """Return a token for a service account, given as the JSON of its key.

        Args:
            provider: In whose name errors speak.
            account: The JSON.
            transport: Sends the exchange.
            seconds: Time limit of the exchange.

        Raises:
            ProviderError: The JSON is no account's, or Google does not accept it.
        """
        mark = sha256(account.get_secret_value().encode("utf-8", "surrogatepass")).digest()
        async with self._exchanging:  # of several requests at once, one asks
            until, kept = self._kept.get(mark, (0.0, SecretStr("")))
            if self._now() < until:
                return kept
            token, lifetime = await self._exchange(provider, account, transport, seconds)
            self._keep(mark, self._now() + max(lifetime - _SPARE_SECONDS, 0), token)
            return token

    def _keep(self, mark: bytes, until: float, token: SecretStr) -> None:
        """Keep a token while it is valid; accounts may come with requests, so there is an end to their number."""
        now = self._now()
        self._kept = {known: kept for known, kept in self._kept.items() if now < kept[0]}
        while len(self._kept) >= _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[mark] = until, token

    async def _exchange(
        self, provider: ProviderInfo, account: SecretStr, transport: Transport, seconds: float
    ) -> tuple[SecretStr, float]:
        members = _members(provider, account)
        url = str(members["token_uri"])
        self._check(provider, url)
        signed = await asyncio.to_thread(_signed, provider, members, int(self._now()))
        body = urlencode({"grant_type": _GRANT, "assertion": signed.get_secret_value()}).encode()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            "User-Agent": USER_AGENT,
        }
        try:
            call = Call(url, headers, body)
            reply = await transport.post(call, None, seconds=seconds, most_bytes=_LARGEST_ANSWER)
        except TransportError as failure:
            raise from_transport(provider, url, failure).error from failure
        if reply.status != _SUCCESS:
            raise _refused(provider, reply, signed)
        return _token(provider, reply)

    def _check(self, provider: ProviderInfo, url: str) -> None:
        """Refuse a token address that is not Google's: whoever gets the statement can act as the account."""
        try:
            check(url, allow_plain_http=self._allow_plain_http)
        except AddressError as error:
            raise _unusable(provider, error.message) from error
        host = urlsplit(url).hostname or ""
        if not (host == "googleapis.com" or host.endswith(".googleapis.com") or is_loopback(host)):
            where = host_of(url)
            raise _unusable(provider, f"The service account's token address is at {where}, which is not Google's.")


def _members(provider: ProviderInfo, account: SecretStr) -> Mapping[str, Any]:
    try:
        members = json.loads(account.get_secret_value())
    except (ValueError, RecursionError):
        members = None
    needed = ("client_email", "private_key", "token_uri")
    if not isinstance(members, dict) or not all(isinstance(members.get(name), str) for name in needed):
        raise _unusable(provider, "The service account's JSON cannot be used: it is not what Google gave out.")
    return members


def _signed(provider: ProviderInfo, members: Mapping[str, Any], now: int) -> SecretStr:
    """Return the signed statement."""
    key = _private_key(members["private_key"])
    if key is None:
        raise _unusable(provider, "The private key in the service account's JSON cannot be read.")
    head = {"alg": "RS256", "typ": "JWT"} | ({"kid": members["private_key_id"]} if "private_key_id" in members else {})
    claims = {
        "iss": members["client_email"],
        "scope": _SCOPE,
        "aud": members["token_uri"],
        "iat": now,
        "exp": now + _HOURS,
    }
    text = b".".join(_encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
    signature = key.sign(text, padding.PKCS1v15(), hashes.SHA256())
    return SecretStr((text + b"." + _encoded(signature)).decode())


def _private_key(pem: str) -> rsa.RSAPrivateKey | None:
    """Return the key, or None; the library's own errors could quote it, so they do not leave this function."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, rsa.RSAPrivateKey) else None


def _encoded(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")


def _token(provider: ProviderInfo, reply: Reply) -> tuple[SecretStr, float]:
    try:
        answer = read_json(reply.body)
    except ValueError:
        answer = None
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(token, str) or not token.strip() or not (token.isascii() and token.isprintable()):
        raise make_error(provider, ProviderFailure.BAD_RESPONSE, "Google's token address answered without a token.")
    lifetime = finite_number(answer.get("expires_in")) if isinstance(answer, dict) else None
    return SecretStr(token), min(lifetime or 0.0, _HOURS)


def _refused(provider: ProviderInfo, reply: Reply, signed: SecretStr) -> ProviderError:
    words = without_key(find_words(_WORDS, reply.content_type, reply.body), signed)
    if reply.status not in _REFUSALS:
        return from_answer(provider, reply.status, reply.body, words, retry_after=None, credential=None).error
    message = f"Google gave no token for the service account (HTTP {reply.status}): {words}"
    return make_error(
        provider,
        ProviderFailure.AUTHENTICATION,
        message,
        reply=ProviderReply(reply.status, words),
        hint="The account or its key was most likely deleted or disabled. Make a new key and put it in.",
    )


def _unusable(provider: ProviderInfo, message: str) -> ProviderError:
    return make_error(
        provider,
        ProviderFailure.AUTHENTICATION,
        message,
        hint="Put in the whole JSON file that Google gave out for the service account.",
        owner=Owner.REQUEST,
    )
