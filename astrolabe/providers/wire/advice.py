"""What each kind of provider failure most likely means, and what to do about it: the hint of every provider error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from astrolabe.errors import ProviderFailure
from astrolabe.providers.catalogue.provider_info import ProviderInfo


@dataclass(frozen=True, slots=True)
class Advice:
    """What to tell the user about a failure.

    Attributes:
        meaning: What it most likely means, as a sentence.
        step: What to do, as one sentence or two.
    """

    meaning: str
    step: str


_GENERAL: Mapping[ProviderFailure, Advice] = {
    ProviderFailure.AUTHENTICATION: Advice(
        "The {noun} is wrong, expired or was revoked at the provider.",
        "Rotate it on the integration's page, or add a new one under the same name.",
    ),
    ProviderFailure.PERMISSION: Advice(
        "The {noun} is known but may not do this.",
        "Give it the right to create embeddings at the provider, or use another.",
    ),
    ProviderFailure.BILLING: Advice(
        "The account has no credit or quota left.", "See the provider's billing page. The {noun} itself is accepted."
    ),
    ProviderFailure.NOT_FOUND: Advice(
        "The provider has no such model or address for this account.", "Check both for spelling mistakes."
    ),
    ProviderFailure.WRONG_MODEL: Advice(
        "The model at that address is no embedding model; it may be a chat model.",
        "Use the name and the address of a model that creates embeddings.",
    ),
    ProviderFailure.TOO_LONG: Advice(
        "The text has more tokens than the model reads.",
        "Shorten the text or split it into several documents, or use a model that reads more.",
    ),
    ProviderFailure.TOO_MANY: Advice(
        "One request held more texts or tokens than the provider takes.", "Send fewer or shorter texts at once."
    ),
    ProviderFailure.BAD_REQUEST: Advice(
        "The provider does not accept the request.", "Its words say why. Nothing was stored."
    ),
    ProviderFailure.RATE_LIMITED: Advice(
        "Too many requests for this account.", "Wait a little, or raise the limit at the provider."
    ),
    ProviderFailure.LOADING: Advice("The provider is still loading the model.", "Try again in a minute."),
    ProviderFailure.SERVER: Advice(
        "The provider has a problem of its own.", "Try again later; its status page may say more."
    ),
    ProviderFailure.TIMEOUT: Advice(
        "The provider is slow or busy, or the network is.", "Nothing was stored, so it is safe to try again."
    ),
    ProviderFailure.UNKNOWN_HOST: Advice(
        "There is no network or no name service, or the address in the settings is misspelt.",
        "Check the network connection, and the address if it is set in the settings.",
    ),
    ProviderFailure.UNREACHABLE: Advice(
        "Nothing listens at that address, or something on the way does not let the connection through.",
        "Check that the address is right, that a server listens there, and the network.",
    ),
    ProviderFailure.TLS: Advice(
        "The certificate is not valid for that address, or a proxy on the way replaces it.",
        "Check the address. Where a proxy or an authority of your own signs, let SSL_CERT_FILE name its certificate.",
    ),
    ProviderFailure.BAD_RESPONSE: Advice(
        "What listens at that address may not be an embedding model.", "Check the address and the model."
    ),
    ProviderFailure.NO_KEY: Advice(
        "The collection names no stored credential, and no key came with the request.",
        "Create the collection with one of the integration's credentials, or send the key in x-embedding-api-key.",
    ),
    ProviderFailure.UNAVAILABLE: Advice(
        "The provider cannot be used on this machine as it is.", "Use another provider, or make this one available."
    ),
}

_BY_PROVIDER: Mapping[tuple[str, ProviderFailure], Advice] = {
    ("huggingfaceDedicated", ProviderFailure.UNKNOWN_HOST): Advice(
        "There is no network or no name service; or the endpoint name, region or cloud is misspelt, or it was deleted.",
        "Check the network connection, and compare all three with the endpoint's address at Hugging Face.",
    ),
    ("huggingfaceDedicated", ProviderFailure.NOT_FOUND): Advice(
        "The endpoint has no embeddings route; it serves a chat model, perhaps.",
        "It has to run the Text Embeddings Inference container.",
    ),
    ("huggingfaceDedicated", ProviderFailure.SERVER): Advice(
        "The endpoint may be paused, or starting after having been scaled to zero.", "Look at it at Hugging Face."
    ),
    ("huggingfaceDedicated", ProviderFailure.BAD_RESPONSE): Advice(
        "The endpoint may run something else than Text Embeddings Inference.",
        "Compare the collection's dimension with the endpoint's model; it has to run Text Embeddings Inference.",
    ),
    ("azureOpenAI", ProviderFailure.UNKNOWN_HOST): Advice(
        "There is no network or no name service, or the resource name is misspelt.",
        "Check the network connection, and compare the name with the endpoint of the resource in the Azure portal.",
    ),
    ("azureOpenAI", ProviderFailure.AUTHENTICATION): Advice(
        "The key is wrong, or belongs to another resource than the one named.",
        "Copy one of the resource's two keys from the Azure portal.",
    ),
    ("azureOpenAI", ProviderFailure.NOT_FOUND): Advice(
        "There is no such deployment.", "A new one takes up to five minutes; its name is not always the model's."
    ),
    ("huggingface", ProviderFailure.PERMISSION): Advice(
        "The user access token may not call models.",
        "It needs the permission to make calls to Inference Providers; set it at Hugging Face.",
    ),
    ("huggingface", ProviderFailure.NOT_FOUND): Advice(
        "Hugging Face does not serve this model at the moment, or it is gated.", "Use another of the models."
    ),
    ("huggingface", ProviderFailure.BILLING): Advice(
        "The monthly credits of the Hugging Face account are used up.", "Wait for the next month or subscribe there."
    ),
    ("voyageAI", ProviderFailure.RATE_LIMITED): Advice(
        "Without a payment method Voyage allows three requests a minute.", "Add one there, or load more slowly."
    ),
    ("jinaAI", ProviderFailure.BILLING): Advice("The Jina account has no tokens left.", "Top it up there."),
}


def advice(provider: ProviderInfo, failure: ProviderFailure) -> Advice:
    """Return what a failure of a provider most likely means and the next step for the user, in plain words."""
    found = _BY_PROVIDER.get((provider.key, failure)) or _GENERAL[failure]
    noun = provider.credential_noun
    return Advice(found.meaning.replace("{noun}", noun), found.step.replace("{noun}", noun))
