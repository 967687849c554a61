"""The error of a Data API on another machine that cannot be reached, or does not answer as one."""

from __future__ import annotations

from enum import StrEnum

from astrolabe.errors import AstrolabeError, Owner


class EndpointFailure(StrEnum):
    """What kept a Data API on another machine from answering."""

    UNKNOWN_HOST = "host not found"
    UNREACHABLE = "not reached"
    TLS = "no secure connection"
    BROKEN = "the connection broke off"
    TIMEOUT = "no answer in time"
    TOKEN = "token refused"  # noqa: S105 - words, no token
    FORBIDDEN = "not allowed"
    ADDRESS = "wrong address"
    REDIRECT = "a redirect"
    NO_DATA_API = "not a Data API"
    REQUEST_TOO_LARGE = "request too large"
    ANSWER_TOO_LARGE = "answer too large"
    RATE_LIMITED = "too many requests"
    UNAVAILABLE = "not available"
    SERVER = "server error"


class EndpointError(AstrolabeError):
    """A Data API on another machine could not be reached, or what came back is no answer of a Data API.

    Attributes:
        failure: What kind of trouble it is.
        status: HTTP status, or None when there was no answer.
        retry_after: Seconds the other side asked to wait, or None.
        passing: Whether the same request may succeed a little later.
        unsure: Whether the command may have been carried out nevertheless.
    """

    def __init__(
        self,
        message: str,
        *,
        failure: EndpointFailure,
        owner: Owner,
        hint: str,
        status: int | None = None,
        retry_after: float | None = None,
        passing: bool = False,
        unsure: bool = False,
    ) -> None:
        super().__init__(message, hint=hint, owner=owner)
        self.failure = failure
        self.status = status
        self.retry_after = retry_after
        self.passing = passing
        self.unsure = unsure

    @property
    def title(self) -> str:
        """A heading of a few words."""
        return f"The endpoint failed: {self.failure.value}"
