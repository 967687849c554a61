"""One embedding call per vendor's SDK, to a loopback server in the vendor's place.

The SDKs are imported inside the calls, by name: they take seconds to import, and their types are not ours to check.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import pytest

from tests.providers.setup import KEY

CODE_DIMENSION = 512


def _sdk(name: str) -> Any:  # noqa: ANN401 - a module that is not type-checked here
    return importlib.import_module(name)


def openai(server: str, texts: Sequence[str], *, query: bool) -> str:  # noqa: ARG001 - one shape for all calls
    """OpenAI's own; returns the address it has without ours, as all of these do."""
    sdk = _sdk("openai")
    with sdk.OpenAI(api_key=KEY) as usual:
        address = f"{usual.base_url}embeddings"
    with sdk.OpenAI(api_key=KEY, base_url=f"{server}/v1", organization="org-1", project="proj-2") as client:
        client.embeddings.create(model="text-embedding-3-small", input=list(texts), dimensions=64)
    return address


def azure(server: str, texts: Sequence[str], *, query: bool) -> str:  # noqa: ARG001
    """The Azure half of OpenAI's own."""
    sdk = _sdk("openai")
    given = {"api_key": KEY, "api_version": "2024-02-01", "azure_deployment": "my dep"}
    with sdk.AzureOpenAI(azure_endpoint="https://res.openai.azure.com", **given) as usual:
        address = f"{usual.base_url}/embeddings"
    with sdk.AzureOpenAI(azure_endpoint=server, **given) as client:
        client.embeddings.create(model="text-embedding-3-small", input=list(texts), dimensions=64)
    return address.replace("//embeddings", "/embeddings")


def mistral(server: str, texts: Sequence[str], *, query: bool) -> str:  # noqa: ARG001
    """Mistral's own."""
    sdk = _sdk("mistralai.client")
    with sdk.Mistral(api_key=KEY, server_url=server) as client:
        client.embeddings.create(model="codestral-embed", inputs=list(texts), output_dimension=CODE_DIMENSION)
    servers: dict[str, str] = _sdk("mistralai.client.sdkconfiguration").SERVERS
    return f"{servers['global']}/v1/embeddings"


def voyage(server: str, texts: Sequence[str], *, query: bool) -> str:
    """Voyage's own."""
    sdk = _sdk("voyageai")
    client = sdk.Client(api_key=KEY, base_url=f"{server}/v1")
    kind = "query" if query else "document"
    client.embed(list(texts), model="voyage-4", input_type=kind, truncation=False, output_dimension=CODE_DIMENSION)
    return f"{sdk.Client(api_key=KEY)._params.get('base_url') or _voyage_address()}/embeddings"


def _voyage_address() -> str:
    return str(_sdk("voyageai._base")._get_default_base_url(KEY))


def serverless(server: str, texts: Sequence[str], *, query: bool) -> str:  # noqa: ARG001
    """Hugging Face's own, through its router; the Hub is not asked what the model is for."""
    sdk, providers = _sdk("huggingface_hub"), _sdk("huggingface_hub.inference._providers")
    helper = providers.PROVIDERS["hf-inference"]["feature-extraction"]
    address = str(helper.base_url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(helper, "base_url", f"{server}/hf-inference")
        # Not ours, and the only way to keep it from asking the Hub.
        patch.setattr(
            _sdk("huggingface_hub.inference._providers.hf_inference"), "_check_supported_task", lambda *_: None
        )
        client = sdk.InferenceClient(provider="hf-inference", api_key=KEY)
        client.feature_extraction(list(texts), model="BAAI/bge-small-en-v1.5", truncate=False)
    return f"{address}/models/BAAI/bge-small-en-v1.5/pipeline/feature-extraction"


def dedicated(server: str, texts: Sequence[str], *, query: bool) -> str:  # noqa: ARG001
    """Hugging Face's own, at the address of an endpoint."""
    client = _sdk("huggingface_hub").InferenceClient(model=f"{server}/", api_key=KEY)
    client.feature_extraction(list(texts))
    return "https://abc.us-east-2.aws.endpoints.huggingface.cloud/"


def nvidia(server: str, texts: Sequence[str], *, query: bool) -> str:
    """NVIDIA's own, as a part of LangChain."""
    model = "nvidia/llama-nemotron-embed-1b-v2"
    sdk = _sdk("langchain_nvidia_ai_endpoints")
    usual = sdk.NVIDIAEmbeddings(model=model, api_key=KEY)
    client = sdk.NVIDIAEmbeddings(
        model=model, api_key=KEY, base_url=f"{server}/v1", truncate="NONE", dimensions=CODE_DIMENSION
    )
    if query:
        client.embed_query(texts[0])
    else:
        client.embed_documents(list(texts))
    return f"{usual.base_url}/embeddings"


def upstage(server: str, texts: Sequence[str], *, query: bool) -> str:
    """OpenAI's, as Upstage's documentation uses it; the direction is a part of the model's name."""
    suffix = "query" if query else "passage"
    with _sdk("openai").OpenAI(api_key=KEY, base_url=f"{server}/v1") as client:
        client.embeddings.create(model=f"solar-embedding-2-{suffix}", input=texts[0])
    return "https://api.upstage.ai/v1/embeddings"


def jina(server: str, texts: Sequence[str], *, query: bool) -> str:
    """LlamaIndex's; Jina has no Python client for embeddings of its own."""
    module = _sdk("llama_index.embeddings.jinaai.base")
    task = "retrieval.query" if query else "retrieval.passage"
    client = module.JinaEmbedding(model="jina-embeddings-v3", api_key=KEY, task=task, dimensions=64, late_chunking=True)
    client._api.api_url = f"{server}/v1/embeddings"  # its base_url goes nowhere
    client.get_text_embedding_batch(list(texts))
    client._api._session.close()
    return f"{module.DEFAULT_JINA_AI_API_URL}/embeddings"
