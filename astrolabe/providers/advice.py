"""What each kind of provider failure most likely means, and what to do: the hint of every provider error."""

from __future__ import annotations

from collections.abc import Mapping

from astrolabe.errors import ProviderFailure
from astrolabe.providers.model import ProviderInfo

_GENERAL: Mapping[ProviderFailure, str] = {
    ProviderFailure.AUTHENTICATION: (
        "The {noun} is wrong, expired or was revoked at the provider. Add a new one under the same name."
    ),
    ProviderFailure.PERMISSION: (
        "The {noun} is known but may not do this. Give it the right to create embeddings, or use another."
    ),
    ProviderFailure.BILLING: "The account has no credit or quota left; see the provider's billing page.",
    ProviderFailure.NOT_FOUND: "The provider has no such model or address for this account. Check both.",
    ProviderFailure.TOO_LONG: "Shorten the text or split it into several documents, or use a model that reads more.",
    ProviderFailure.TOO_MANY: "Send fewer or shorter texts at once.",
    ProviderFailure.BAD_REQUEST: "The provider does not accept the request. Its words above say why.",
    ProviderFailure.RATE_LIMITED: "Too many requests for this account. Wait a little, or raise the limit there.",
    ProviderFailure.LOADING: "The provider is still loading the model. Try again in a minute.",
    ProviderFailure.SERVER: "The provider has a problem of its own. Try again later; its status page may say more.",
    ProviderFailure.TIMEOUT: "Nothing was stored, so it is safe to try again.",
    ProviderFailure.UNKNOWN_HOST: "Check the network connection, and the address if it is set in the settings.",
    ProviderFailure.UNREACHABLE: "Check that the address is right, that a server listens there, and the network.",
    ProviderFailure.TLS: "The certificate is not valid for that address, or a proxy on the way replaces it.",
    ProviderFailure.BAD_RESPONSE: (
        "What listens at that address may not be an embedding model. Check the address and the model."
    ),
    ProviderFailure.NO_KEY: (
        "Create the collection with one of the integration's credentials, or send the key in x-embedding-api-key."
    ),
    ProviderFailure.UNAVAILABLE: "Use another provider, or make this one available.",
}

_BY_PROVIDER: Mapping[tuple[str, ProviderFailure], str] = {
    ("huggingfaceDedicated", ProviderFailure.UNKNOWN_HOST): (
        "The endpoint name, region or cloud is most likely misspelt, or the endpoint was deleted."
    ),
    ("huggingfaceDedicated", ProviderFailure.NOT_FOUND): (
        "The endpoint has no embeddings route: it has to run the Text Embeddings Inference container."
    ),
    ("huggingfaceDedicated", ProviderFailure.SERVER): (
        "The endpoint may be paused, or starting after having been scaled to zero. Look at it at Hugging Face."
    ),
    ("huggingfaceDedicated", ProviderFailure.BAD_RESPONSE): (
        "Compare the collection's dimension with the endpoint's model; it has to run Text Embeddings Inference."
    ),
    ("azureOpenAI", ProviderFailure.UNKNOWN_HOST): "The resource name is most likely misspelt.",
    (
        "azureOpenAI",
        ProviderFailure.AUTHENTICATION,
    ): "The key is wrong, or belongs to another resource than the one named.",
    ("azureOpenAI", ProviderFailure.NOT_FOUND): (
        "There is no such deployment. A new one takes up to five minutes; its name is not always the model's."
    ),
    ("huggingface", ProviderFailure.PERMISSION): (
        "The user access token needs the permission to make calls to Inference Providers."
    ),
    ("huggingface", ProviderFailure.NOT_FOUND): (
        "Hugging Face does not serve this model at the moment, or it is gated. Use another of the models."
    ),
    ("huggingface", ProviderFailure.BILLING): (
        "The monthly credits of the Hugging Face account are used up. Wait for the next month or subscribe there."
    ),
    ("voyageAI", ProviderFailure.RATE_LIMITED): (
        "Without a payment method Voyage allows three requests a minute. Add one there, or load more slowly."
    ),
    ("jinaAI", ProviderFailure.BILLING): "The Jina account has no tokens left. Top it up there.",
}


def advice(provider: ProviderInfo, failure: ProviderFailure) -> str:
    """Return the next step for the user, in plain words."""
    text = _BY_PROVIDER.get((provider.key, failure)) or _GENERAL[failure]
    return text.replace("{noun}", provider.credential_noun)
