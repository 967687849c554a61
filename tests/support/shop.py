"""A shop whose collection embeds with a token of Hugging Face - Serverless, on a loopback provider."""

from __future__ import annotations

import itertools

from pydantic import SecretStr

from astrolabe.dataapi.client.command_builders import collection_options
from astrolabe.errors import DataApiError
from astrolabe.portal.organization import DEFAULT_KEYSPACE, CredentialDraft, DatabaseDraft, ServiceConfig
from astrolabe.workspace import Workspace
from tests.support.provider_server import ProviderServer

PROVIDER, NAME = "huggingface", "webstore-prod"
OLD, NEW = "hf_SENTINEL/old+0001==", "hf_SENTINEL/new+0002=="
SERVICE = ServiceConfig(PROVIDER, "sentence-transformers/all-MiniLM-L6-v2", f"{NAME}.providerKey")
_NUMBERS = itertools.count()
ROUTE = "/hf-inference/models/{modelId}/pipeline/feature-extraction"


def urls(server: ProviderServer) -> dict[str, str]:
    """Return the address of the loopback provider, as the settings take it."""
    return {PROVIDER: server.url + ROUTE}


async def shop_with_notes(workspace: Workspace) -> None:
    """Two databases in the scope of one token, and a collection with one note in the first."""
    databases = [await workspace.create_database(DatabaseDraft(name)) for name in ("shop", "support")]
    ids = tuple(database.id for database in databases)
    await workspace.integrations.add_credential(CredentialDraft(PROVIDER, NAME, SecretStr(OLD), ids))
    client = await workspace.client(databases[0])
    await client.create_collection(DEFAULT_KEYSPACE, "notes", collection_options(service=SERVICE))
    await client.collection(DEFAULT_KEYSPACE, "notes").insert_one({"_id": "n1", "$vectorize": "a red bicycle"})


async def can_vectorize(workspace: Workspace, text: str | None = None) -> bool:
    """Search the notes by meaning; False when that is refused as the Data API refuses it for a missing credential.

    Without a text, each search is for another one, which no cache knows.
    """
    client = await workspace.client(await workspace.databases.find("shop"))
    collection = client.collection(DEFAULT_KEYSPACE, "notes")
    assert len((await collection.find()).documents) == 1, "reading always goes on"
    assert (await collection.find(sort={"$vector": [0.5] * 384}, limit=1)).documents, "and so does vector search"
    try:
        found = await collection.find(sort={"$vectorize": text or f"bicycle {next(_NUMBERS)}"}, limit=1)
    except DataApiError as error:
        if error.code != "EMBEDDING_GATEWAY_UNABLE_RESOLVE_AUTHENTICATION_TYPE":
            raise
        return False
    return bool(found.documents)
