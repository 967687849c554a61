"""The sample collection: created, and loaded the way any file is loaded."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.dataapi.client.command_builders import collection_options
from astrolabe.errors import Owner, ProviderError, ProviderFailure
from astrolabe.loading.load_plan import LoadPlan
from astrolabe.loading.loader import run_load
from astrolabe.loading.sample import SAMPLE_COLLECTION, SAMPLE_VECTOR_FIELD, sample_file
from astrolabe.portal.organization import ServiceConfig
from astrolabe.providers.catalogue.catalogue import EMBEDDED, Catalogue
from storage.loads.ledger import LoadLedger


async def load_sample(
    client: DatabaseClient, service: ServiceConfig, database_id: str, keyspace: str, ledger: LoadLedger
) -> str:
    """Create the sample collection in a database, load it, and return its name.

    Raises:
        AstrolabeError: The collection cannot be created, or the load did not reach the end.
    """
    await client.create_collection(keyspace, SAMPLE_COLLECTION, collection_options(service=service))
    info = next(info for info in await client.collections(keyspace) if info.name == SAMPLE_COLLECTION)
    collection = client.collection(keyspace, SAMPLE_COLLECTION)
    with tempfile.TemporaryDirectory(prefix="astrolabe-sample-") as folder:
        path = await asyncio.to_thread(sample_file, Path(folder))
        plan = LoadPlan(path, database_id, info, SAMPLE_VECTOR_FIELD, words=True)
        summary = await run_load(plan, collection, ledger)
    if summary.problem is not None:
        raise summary.problem
    return SAMPLE_COLLECTION


def embedded_service(catalogue: Catalogue) -> ServiceConfig:
    """Return what the sample is embedded with.

    Raises:
        ProviderError: The Embedded provider is not available here.
    """
    provider = catalogue.get(EMBEDDED)
    if not provider.available:
        raise ProviderError(
            f"The sample needs the provider {provider.label}. {provider.unavailable_reason}",
            provider=provider.key,
            failure=ProviderFailure.UNAVAILABLE,
            hint="Everything else works without it: create a collection with another provider, or none.",
            owner=Owner.MACHINE,
        )
    model = next(model for model in provider.models if model.available)
    return ServiceConfig(provider.key, model.name)
