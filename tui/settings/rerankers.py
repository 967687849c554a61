"""What can be set for one provider of reranking models: ``[rerankers.NAME]``, or ``ASTROLABE_RERANKERS__NAME__…``."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

from astrolabe.providers.rerank.catalogue import load_rerankers


class RerankerSettings(BaseModel):
    """How the models of one provider are reached."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    """The whole address that ranking requests are posted to."""
    key: SecretStr | None = None
    """Its key, used where no other comes with the request."""
    forward_token: bool = False
    """Whether the application token of a request is sent on as the key where there is no other."""

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ValueError("it must be a whole address, such as https://host/v1/ranking")
        if parts.username or parts.password:
            raise ValueError("an address with a user name or password in it is not accepted")
        return url


def known_reranker(name: str) -> str:
    """Return the name of a provider that there is; refuse any other."""
    known = [provider.key for provider in load_rerankers().providers]
    if name not in known:
        raise ValueError(f"there is no provider of reranking models of that name. There are: {', '.join(known)}")
    return name
