"""From texts to vectors on behalf of a database: which key, which provider, and errors in the Data API's words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from pydantic import SecretStr

from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.provider_errors import (
    provider_error,
    unavailable,
    unexpected_response,
    unresolved_credential,
)
from astrolabe.errors import ProviderError, RuleError, SecretUnreadableError
from astrolabe.portal.organization import ServiceConfig
from astrolabe.providers.catalogue.catalogue import Catalogue
from astrolabe.providers.catalogue.provider_info import (
    Direction,
    EmbeddingSpec,
    Hosting,
    ModelInfo,
    ModelStatus,
    ProviderInfo,
)
from astrolabe.providers.embedding.waiting import current_listener
from storage.shapes import Matrix

OnWait = Callable[[float, str], None]
"""Called before a wait for a provider, with its seconds and its reason."""


class Credentials(Protocol):
    """What this needs of the portal's integrations."""

    async def covers(self, database_id: str, provider: str, name: str) -> bool:
        """Return whether the credential exists and its scope has the database."""
        ...

    async def resolve(self, database_id: str, provider: str, name: str) -> SecretStr:
        """Return the secret; raises RuleError or SecretUnreadableError when the database may or can not use it."""
        ...


class Connections(Protocol):
    """What this needs of the portal's connection strings."""

    async def models(self, identifier: str) -> tuple[ModelInfo, ...]:
        """Return the models that a connection string leads to."""
        ...

    async def connection(
        self, service: ServiceConfig, dimension: int, *, database_id: str | None = None
    ) -> tuple[EmbeddingSpec, SecretStr | None]:
        """Return how to embed, and the secret; raises RuleError or SecretUnreadableError when that is not possible."""
        ...


class Embedder(Protocol):
    """What this needs of the embedding engine."""

    async def embed(
        self,
        spec: EmbeddingSpec,
        texts: Sequence[str],
        direction: Direction,
        secret: SecretStr | None,
        *,
        on_wait: OnWait | None = None,
        credential: str | None = None,
        own_key: bool = False,
    ) -> Matrix:
        """Return one vector per text; raises ProviderError."""
        ...


class Vectorizer:
    """Embeds texts for the collections of a database.

    Args:
        credentials: Answers which database may use which credential; asked anew for every request, so that a removed
            credential stops working at once.
        engine: Talks to the providers.
        catalogue: The providers.
        on_wait: Told of every wait for a provider that nobody else listens to (see
            :mod:`astrolabe.providers.embedding.waiting`).
        connections: Says where a connection string leads; None where there are none.
    """

    def __init__(
        self,
        credentials: Credentials,
        engine: Embedder,
        catalogue: Catalogue,
        *,
        on_wait: OnWait | None = None,
        connections: Connections | None = None,
    ) -> None:
        self._credentials = credentials
        self._engine = engine
        self._catalogue = catalogue
        self._on_wait = on_wait
        self._connections = connections

    async def models_of(self, identifier: str) -> tuple[ModelInfo, ...]:
        """Return the models that a connection string leads to."""
        return await self._connections.models(identifier) if self._connections is not None else ()

    async def covers(self, database_id: str, provider: str, name: str) -> bool:
        """Return whether the database may use the provider's credential of that name."""
        return await self._credentials.covers(database_id, provider, name)

    async def embed(
        self,
        database_id: str,
        service: ServiceConfig,
        dimension: int,
        texts: Sequence[str],
        *,
        direction: Direction,
        header_key: SecretStr | None = None,
    ) -> Matrix:
        """Return one vector per text: shape ``(len(texts), dimension)``.

        Args:
            database_id: The database on whose behalf, for the credential's scope.
            service: The collection's service.
            dimension: Length of the collection's vectors.
            texts: None of them blank.
            direction: Whether they are stored or searched with.
            header_key: Key that came with the request; wins over the stored credential, which is then not looked up.

        Raises:
            DataApiError: One of the documented failures of embedding.
        """
        provider, model = self._known(service)
        _check_alive(provider, model)
        spec, secret = await self._means(database_id, service, dimension, provider, header_key)
        used = service.credential_name if header_key is None else None
        on_wait = current_listener() or self._on_wait
        try:
            own = header_key is not None
            matrix = await self._engine.embed(
                spec, texts, direction, secret, on_wait=on_wait, credential=used, own_key=own
            )
        except ProviderError as error:
            raise provider_error(error) from error
        _check_answer(matrix, len(texts), dimension)
        return matrix

    def _known(self, service: ServiceConfig) -> tuple[ProviderInfo, ModelInfo]:
        provider = self._catalogue.find(service.provider)
        model = provider.known_model(service.model) if provider is not None else None
        if provider is None or model is None:
            raise unavailable(service.provider, service.model)
        return provider, model

    async def _means(
        self,
        database_id: str,
        service: ServiceConfig,
        dimension: int,
        provider: ProviderInfo,
        header_key: SecretStr | None,
    ) -> tuple[EmbeddingSpec, SecretStr | None]:
        """Return what to embed with; where a connection string leads is looked up, whatever key came along."""
        if provider.open_model is None or self._connections is None:
            secret = await self._secret(database_id, service, provider, header_key)
            return EmbeddingSpec(service.provider, service.model, dimension, service.parameters), secret
        try:
            spec, secret = await self._connections.connection(service, dimension, database_id=database_id)
        except (RuleError, SecretUnreadableError) as error:
            name = service.credential_name or ""
            raise unresolved_credential(service.provider, name, error.message, hint=error.hint) from error
        return spec, secret if secret is None else header_key or secret

    async def _secret(
        self, database_id: str, service: ServiceConfig, provider: ProviderInfo, header_key: SecretStr | None
    ) -> SecretStr | None:
        name = service.credential_name
        if header_key is not None or name is None or provider.hosting is Hosting.HOSTED:
            return header_key
        try:
            return await self._credentials.resolve(database_id, service.provider, name)
        except (RuleError, SecretUnreadableError) as error:
            raise unresolved_credential(service.provider, name, error.message, hint=error.hint) from error


def _check_alive(provider: ProviderInfo, model: ModelInfo) -> None:
    """Refuse a retired model before any key is looked at; a deprecated one still works."""
    if model.status is ModelStatus.END_OF_LIFE:
        reason = model.status_message or "It has reached its end of life."
        raise data_api_error(
            "END_OF_LIFE_AI_MODEL",
            f"The model '{model.name}' of provider '{provider.key}' has the status {model.status.value}. {reason}",
            hint="Create a collection with a supported model and load the data again.",
        )


def _check_answer(matrix: Matrix, texts: int, dimension: int) -> None:
    count, length = matrix.shape
    if count != texts:
        raise unexpected_response(
            f"it didn't return the expected number of embeddings. Expect: '{texts}'. Actual: '{count}'"
        )
    if length != dimension:
        raise unexpected_response(
            f"it did not return expected embedding length. Expect: '{dimension}'. Actual: '{length}'"
        )
