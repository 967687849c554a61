"""What can be set for one provider of reranking models: ``[rerankers.NAME]``, or ``ASTROLABE_RERANKERS__NAME__…``."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr

from astrolabe.providers.rerank.catalogue import load_rerankers
from tui.settings.address import whole_address


class RerankerSettings(BaseModel):
    """How the models of one provider are reached."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, AfterValidator(whole_address)]
    """The whole address that ranking requests are posted to."""
    key: SecretStr | None = None
    """Its key, used where no other comes with the request."""
    forward_token: bool = False
    """Whether the application token of a request is sent on as the key where there is no other."""


def known_reranker(name: str) -> str:
    """Return the name of a provider that there is; refuse any other."""
    known = [provider.key for provider in load_rerankers().providers]
    if name not in known:
        raise ValueError(f"there is no provider of reranking models of that name. There are: {', '.join(known)}")
    return name
