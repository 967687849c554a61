"""An organization on a data folder, opened as a program would open it; two at once are two programs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from astrolabe.portal.audit.trail import AuditTrail
from astrolabe.portal.connection_strings.connection_strings import ConnectionStrings
from astrolabe.portal.credentials.integrations import Integrations
from astrolabe.portal.credentials.secrets import CredentialSecrets
from astrolabe.portal.databases.databases import Databases
from astrolabe.portal.organization import Credential, CredentialDraft, Database, DatabaseDraft
from astrolabe.providers.catalogue.catalogue import Catalogue, load_catalogue
from storage.catalog.catalog import Catalog
from storage.secrets.box import SecretBox
from storage.secrets.key_file import KeyFile
from storage.secrets.references import ReferenceReader, SecretReference

SECRET = "hf_sentinel-Zq7Wm4Tx9"
SERVERLESS = "huggingface"
DEDICATED = "huggingfaceDedicated"


@dataclass(frozen=True)
class Organization:
    """The portal's services on one catalog."""

    folder: Path
    catalog: Catalog
    databases: Databases
    integrations: Integrations
    connection_strings: ConnectionStrings

    @property
    def key_file(self) -> Path:
        """Where the data key is kept."""
        return self.folder / "secrets.key"

    async def database(self, name: str, *, cloud_provider: str = "aws", region: str = "us-east-2") -> Database:
        """Create a database."""
        return await self.databases.create(DatabaseDraft(name, cloud_provider, region))

    async def credential(
        self,
        name: str = "hf-prod",
        *databases: Database,
        provider: str = SERVERLESS,
        secret: str | SecretReference = SECRET,
    ) -> Credential:
        """Add a credential with the databases in its scope."""
        kept = SecretStr(secret) if isinstance(secret, str) else secret
        draft = CredentialDraft(provider, name, kept, tuple(database.id for database in databases))
        return await self.integrations.add_credential(draft)


@asynccontextmanager
async def opened(folder: Path, *, catalogue: Catalogue | None = None) -> AsyncIterator[Organization]:
    """Open the organization that is kept in a folder, as one program would."""
    catalog = await Catalog.open(folder / "catalog.db")
    trail = AuditTrail(now=lambda: datetime(2026, 11, 20, 12, 0, tzinfo=UTC), user="ada")
    reader = ReferenceReader(environment={"HF_TOKEN": "hf_from_the_environment"})
    secrets = CredentialSecrets(SecretBox(KeyFile(folder / "secrets.key")), reader)
    providers = catalogue or load_catalogue(configured=["nvidia"])
    integrations = Integrations(catalog, providers, secrets, trail)
    strings = ConnectionStrings(catalog, providers, integrations, secrets, trail)
    try:
        yield Organization(folder, catalog, Databases(catalog, trail), integrations, strings)
    finally:
        await catalog.close()
