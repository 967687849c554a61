"""The models of this machine at work: in threads, in slices, in turns."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import numpy as np

from astrolabe.errors import Owner, ProviderFailure
from astrolabe.providers.catalogue.provider_info import EmbeddingSpec, ProviderInfo
from astrolabe.providers.local.models import LocalModels
from astrolabe.providers.local.protocol import LocalModel, LocalModelError
from astrolabe.providers.wire.adapters import AnswerError
from astrolabe.providers.wire.adapters.answers import check_vectors
from astrolabe.providers.wire.failures import bad_answer, make_error
from storage.shapes import Matrix

CUT_PARAMETER = "autoTruncate"
"""The parameter of a collection that allows a model to leave out the end of a text."""


class OnSlice(Protocol):
    """Told of each slice that was embedded."""

    def __call__(self, seconds: float, *, texts: int) -> None:
        """Note one slice."""
        ...


class LocalRunner:
    """Runs the models in threads, a slice of the texts at a time, so that the event loop stays free.

    Args:
        models: Which there are.
    """

    def __init__(self, models: LocalModels) -> None:
        self._models = models
        self._turn = asyncio.Lock()

    async def embed(
        self, provider: ProviderInfo, spec: EmbeddingSpec, texts: Sequence[str], *, on_slice: OnSlice | None = None
    ) -> Matrix:
        """Return one vector per text: shape ``(len(texts), spec.dimension)``.

        Cancelling takes effect at once; the slice in work ends by itself, unseen.

        Args:
            provider: The provider Embedded.
            spec: Model, dimension and parameters.
            texts: None of them blank.
            on_slice: Called after each slice with its seconds and how many texts it had.

        Raises:
            ProviderError: The model is not here or not what it should be, or a text is too long for it.
        """
        model = self._models.find(spec.model)
        if model is None:
            raise make_error(provider, ProviderFailure.UNAVAILABLE, self._models.why_unavailable(spec.model))
        result = np.empty((len(texts), model.dimension), dtype=np.float32)
        with _telling(provider):
            if spec.parameters.get(CUT_PARAMETER) is not True:
                await self._refuse_long(provider, model, texts)
            for start in range(0, len(texts), model.slice_size):
                part = texts[start : start + model.slice_size]
                started = time.perf_counter()
                result[start : start + len(part)] = await self._slice(model, part)
                if on_slice is not None:
                    on_slice(time.perf_counter() - started, texts=len(part))
        try:
            check_vectors(result, spec.dimension)
        except AnswerError as problem:
            raise bad_answer(provider, str(problem), meaning=problem.meaning, hint=problem.hint) from problem
        return result

    async def _slice(self, model: LocalModel, texts: Sequence[str]) -> Matrix:
        """Embed a slice; those of a slow model take turns, so that a search waits for one slice of a load."""
        if not model.slow:
            return await asyncio.to_thread(model.embed, texts)
        async with self._turn:
            return await asyncio.to_thread(model.embed, texts)

    @staticmethod
    async def _refuse_long(provider: ProviderInfo, model: LocalModel, texts: Sequence[str]) -> None:
        """Refuse what would lose its end unless that was asked for, before anything is embedded."""
        long = await asyncio.to_thread(model.too_long, texts)
        if long is not None:
            raise make_error(
                provider,
                ProviderFailure.TOO_LONG,
                f"Text {long.index + 1} of {len(texts)} has {long.tokens} tokens, and {model.name} reads {long.limit}.",
                hint=f"Split the text; or create the collection with the parameter {CUT_PARAMETER}=true, "
                "and what is beyond the limit is left out of the search.",
            )


@contextmanager
def _telling(provider: ProviderInfo) -> Iterator[None]:
    """Tell trouble with a model's files as an error of this machine."""
    try:
        yield
    except LocalModelError as error:
        raise make_error(provider, ProviderFailure.UNAVAILABLE, str(error), owner=Owner.MACHINE) from error
    except OSError as error:
        message = f"The Embedded model's files cannot be read: {error}."
        raise make_error(provider, ProviderFailure.UNAVAILABLE, message) from error
