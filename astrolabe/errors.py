"""One error tree. Everything raised on purpose derives from :class:`AstrolabeError`.

    AstrolabeError                      message, hint, owner, exit_code
    ├── StorageError                    the data folder (storage/errors.py)
    │   ├── StoreNotWritableError · StoreFullError · StoreBusyError
    │   ├── NewerSchemaError · CorruptStoreError · VanishedStoreError
    │   └── SecretUnreadableError
    ├── UsageError                      wrong words on the command line or in the settings (exit 2)
    ├── RuleError                       a rule of the portal: names, limits, scopes; names the field
    │   ├── NotFoundError               the thing named does not exist
    │   └── ConflictError               somebody else was faster, or the name is taken
    ├── DataApiError                    a documented error of the Data API: family, scope, code, title
    ├── ProviderError                   an embedding provider failed or cannot be reached
    ├── EndpointError                   another machine did not answer as a Data API (astrolabe/remote/errors.py)
    └── LoadError                       a file that cannot be read as documents: line and column

Broad handlers exist only at the worker, request and process boundaries, and each of them tells the user.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from storage.errors import (
    AstrolabeError,
    CorruptStoreError,
    NewerSchemaError,
    Owner,
    SecretUnreadableError,
    StorageError,
    StoreBusyError,
    StoreFullError,
    StoreNotWritableError,
    VanishedStoreError,
)

__all__ = [
    "AstrolabeError",
    "ConflictError",
    "CorruptStoreError",
    "DataApiError",
    "Family",
    "LoadError",
    "NewerSchemaError",
    "NotFoundError",
    "Owner",
    "Problem",
    "ProviderError",
    "ProviderFailure",
    "ProviderReply",
    "RuleError",
    "SecretUnreadableError",
    "StorageError",
    "StoreBusyError",
    "StoreFullError",
    "StoreNotWritableError",
    "UsageError",
    "VanishedStoreError",
    "without_frames",
]

_Error = TypeVar("_Error", bound=BaseException)


def without_frames(error: _Error) -> _Error:
    """Return an error that is kept as a value: without the frames it came through, which hold all they worked on.

    Most of them also know what keeps the error, so that only a search for garbage would free a large request.
    """
    seen: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        found = todo.pop()
        if found is not None and id(found) not in seen:
            seen.add(id(found))
            found.__traceback__ = None
            todo += [found.__cause__, found.__context__]
    return error


class UsageError(AstrolabeError):
    """The command line or a setting cannot be understood."""

    exit_code = 2
    default_owner = Owner.REQUEST

    @property
    def title(self) -> str:
        """A heading of a few words."""
        return "Wrong usage"


@dataclass(frozen=True, slots=True)
class Problem:
    """One rule that a request breaks.

    Attributes:
        message: A complete sentence.
        field: The draft's field that is at fault, or None.
    """

    message: str
    field: str | None = None


class RuleError(AstrolabeError):
    """A rule of the portal refused the request.

    Attributes:
        field: The draft's field that is at fault (``"name"``, ``"dimension"`` …), or None.
        problems: Everything that is wrong with the request, for a form that shows all of it at once; never empty.
    """

    default_owner = Owner.REQUEST

    def __init__(
        self, message: str, *, field: str | None = None, hint: str = "", problems: Sequence[Problem] = ()
    ) -> None:
        super().__init__(message, hint=hint)
        self.field = field
        self.problems = tuple(problems) or (Problem(message, field),)

    @property
    def title(self) -> str:
        """A heading of a few words."""
        return "That is not possible"


class NotFoundError(RuleError):
    """The database, keyspace, credential or collection named does not exist."""

    @property
    def title(self) -> str:
        """A heading of a few words."""
        return "Not found"


class ConflictError(RuleError):
    """The name is taken, or somebody else changed the same thing first."""


class Family(StrEnum):
    """Which side a Data API error lies on: the request can be mended, or the server failed."""

    REQUEST = "REQUEST"
    SERVER = "SERVER"


class DataApiError(AstrolabeError):
    """A documented error of the Data API.

    Attributes:
        family: REQUEST or SERVER.
        scope: Sub-area such as ``SCHEMA`` or ``EMBEDDING_PROVIDER``; empty for unscoped codes.
        code: Stable upper snake case code, ``errorCode`` on the wire.
        heading: The fixed title of the code.
        document_ids: Ids of the documents concerned, in their JSON form.
        id: A fresh UUID for this occurrence.
        simulated: Whether the failure lab made it; shown to people, and no part of the wire protocol.
        provider_error: The provider's failure that it tells of, with owner, status, words and advice; no part of the
            wire protocol, and read from the message where the error came over HTTP.
    """

    def __init__(
        self,
        message: str,
        *,
        family: Family,
        scope: str,
        code: str,
        heading: str,
        document_ids: Sequence[Any] = (),
        hint: str = "",
        owner: Owner | None = None,
    ) -> None:
        super().__init__(message, hint=hint, owner=owner or _family_owner(family))
        self.family = family
        self.scope = scope
        self.code = code
        self.heading = heading
        self.document_ids = tuple(document_ids)
        self.id = str(uuid.uuid4())
        self.simulated = False
        self.provider_error: ProviderError | None = None

    @property
    def title(self) -> str:
        """The title of the code, as documented; but nobody is told of bad parameters when a name was not found."""
        failed = self.provider_error
        if failed is not None and failed.failure is ProviderFailure.UNKNOWN_HOST and failed.owner is Owner.NETWORK:
            return "The provider's host was not found"
        return self.heading

    def to_object(self) -> dict[str, Any]:
        """Return the error object of the wire protocol; ``documentIds`` only when there are any."""
        body: dict[str, Any] = {
            "id": self.id,
            "family": self.family.value,
            "scope": self.scope,
            "errorCode": self.code,
            "title": self.heading,
            "message": self.message,
        }
        if self.document_ids:
            body["documentIds"] = list(self.document_ids)
        return body

    @classmethod
    def from_object(cls, body: Mapping[str, Any]) -> DataApiError:
        """Rebuild the error from an error object of a response, local or remote."""
        family = Family.SERVER if body.get("family") == "SERVER" else Family.REQUEST
        return cls(
            str(body.get("message", "")),
            family=family,
            scope=str(body.get("scope", "")),
            code=str(body.get("errorCode", "UNEXPECTED_SERVER_ERROR")),
            heading=str(body.get("title", "Unexpected server error")),
            document_ids=tuple(body.get("documentIds", ())),
            owner=Owner.PROVIDER if body.get("scope") == "EMBEDDING_PROVIDER" else None,
        )


def _family_owner(family: Family) -> Owner:
    return Owner.REQUEST if family is Family.REQUEST else Owner.ENGINE


class ProviderFailure(StrEnum):
    """What kind of trouble an embedding provider is in; decides retries, the API code and the advice."""

    AUTHENTICATION = "authentication"
    PERMISSION = "permission"
    BILLING = "billing"
    NOT_FOUND = "not found"
    WRONG_MODEL = "not an embedding model"
    TOO_LONG = "text too long"
    TOO_MANY = "too many texts"
    BAD_REQUEST = "bad request"
    RATE_LIMITED = "rate limited"
    LOADING = "model loading"
    SERVER = "server error"
    TIMEOUT = "timeout"
    UNKNOWN_HOST = "unknown host"
    UNREACHABLE = "unreachable"
    TLS = "TLS"
    BAD_RESPONSE = "unexpected response"
    NO_KEY = "no key"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class ProviderReply:
    """What the provider answered, for the technical tail of an error.

    Attributes:
        status: HTTP status, or None when there was no answer.
        words: What the provider said.
        retry_after: Seconds it asked to wait, or None.
        quoted: Whether the words are one text out of a JSON answer: the Data API shows it as JSON, in quotes.
    """

    status: int | None = None
    words: str = ""
    retry_after: float | None = None
    quoted: bool = False


class ProviderError(AstrolabeError):
    """An embedding provider failed, refused, or could not be reached.

    Attributes:
        provider: The provider's Data API key, such as ``huggingfaceDedicated``.
        failure: The kind of failure.
        status: HTTP status, or None when there was no answer.
        words: What the provider said, as it said it (foreign text: neutralise before display).
        quoted: Whether the Data API shows the words in quotes.
        retry_after: Seconds the provider asked to wait, or None.
        attempts: How many requests were made before giving up.
        simulated: Whether the failure lab failed in the provider's place; shown to people, told to no program.
        meaning: What it most likely means, in a sentence; ``hint`` is this and ``step``.
        step: What to do, in a sentence.
        seconds: How long the last request took, or None when none was made.
        request_id: The provider's number of that request; foreign text, empty when it gave none.
        quota: Its headers about rate limits and waiting; foreign text.
    """

    default_owner = Owner.PROVIDER

    def __init__(
        self,
        message: str,
        *,
        provider: str,
        failure: ProviderFailure,
        reply: ProviderReply | None = None,
        attempts: int = 1,
        meaning: str = "",
        hint: str = "",
        owner: Owner | None = None,
    ) -> None:
        super().__init__(message, hint=f"{meaning} {hint}".strip(), owner=owner)
        reply = reply or ProviderReply()
        self.meaning = meaning
        self.step = hint
        self.seconds: float | None = None
        self.request_id = ""
        self.quota: Mapping[str, str] = {}
        self.provider = provider
        self.failure = failure
        self.status = reply.status
        self.words = reply.words
        self.quoted = reply.quoted
        self.retry_after = reply.retry_after
        self.attempts = attempts
        self.simulated = False

    @property
    def title(self) -> str:
        """A heading of a few words."""
        return f"The embedding provider failed: {self.failure.value}"


class LoadError(AstrolabeError):
    """A file cannot be read as documents.

    Attributes:
        path: The file.
        line: Line of the fault, from 1, or None.
        column: Column of the fault, from 1, or None.
    """

    default_owner = Owner.REQUEST

    def __init__(
        self,
        message: str,
        *,
        path: Path | None = None,
        line: int | None = None,
        column: int | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.path = path
        self.line = line
        self.column = column

    @property
    def title(self) -> str:
        """A heading of a few words."""
        return "The file cannot be loaded"
