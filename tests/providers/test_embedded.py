"""The model on this machine gives the vectors that its own package gives."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest

from astrolabe.errors import Owner, ProviderError, ProviderFailure
from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec
from astrolabe.providers.embedding.engine import EmbeddingEngine
from astrolabe.providers.local.static import StaticModel
from storage.shapes import Matrix

SPEC = EmbeddingSpec("embedded", "wordllama-l2-supercat-256", 256)
TEXTS = [
    "send an e-mail",
    "a",
    "Ünïcödé, 日本語 and emoji 🎉",
    "  spaces \t and\nnewlines  ",
    "long " * 2_000,
    *(f"sentence number {n} about topic {n % 7}" for n in range(100)),
]


@pytest.fixture
async def engine() -> AsyncIterator[EmbeddingEngine]:
    engine = EmbeddingEngine(load_catalogue())
    yield engine
    await engine.close()


# In a process of its own: importing the package changes the logging of whoever does it.
ORIGINAL = """
import json, pathlib, sys
import numpy, wordllama
model = wordllama.WordLlama.load(cache_dir=pathlib.Path(wordllama.__file__).parent, disable_download=True)
numpy.save(sys.argv[1], model.embed(json.load(sys.stdin), norm=True))
"""


async def test_the_vectors_are_those_of_the_package(engine: EmbeddingEngine, tmp_path: Path) -> None:
    file = tmp_path / "original.npy"
    subprocess.run(  # noqa: S603, ASYNC221 - our own program text; nothing else runs on this loop
        [sys.executable, "-c", ORIGINAL, str(file)], input=json.dumps(TEXTS), text=True, check=True, capture_output=True
    )

    ours = await engine.embed(SPEC, TEXTS, Direction.STORE, None)

    np.testing.assert_allclose(ours, np.load(file), atol=1e-6)
    assert ours.shape == (len(TEXTS), 256)
    np.testing.assert_allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-6)


async def test_a_text_has_the_same_vector_whatever_it_is_embedded_with(engine: EmbeddingEngine) -> None:
    together = await engine.embed(SPEC, TEXTS, Direction.STORE, None)
    alone = await engine.embed(SPEC, TEXTS[3:4], Direction.QUERY, None)
    np.testing.assert_array_equal(together[3], alone[0])


async def test_meaning_is_found(engine: EmbeddingEngine) -> None:
    documents = ["Package for reading and sending e-mail over SMTP", "Complex number mathematics", "Gzip compression"]
    stored = await engine.embed(SPEC, documents, Direction.STORE, None)
    query = await engine.embed(SPEC, ["mail a message"], Direction.QUERY, None)
    assert int(np.argmax(stored @ query[0])) == 0


async def test_a_huge_text_is_pooled_in_parts() -> None:
    # More tokens than are pooled at once: were a part of them lost, one word would count for more than the other.
    short, huge = StaticModel().embed(["alpha " * count + "beta " * count for count in (1_000, 12_000)])
    np.testing.assert_allclose(huge, short, atol=1e-4)


async def test_the_event_loop_stays_free(engine: EmbeddingEngine) -> None:
    await engine.embed(SPEC, ["warm"], Direction.STORE, None)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    ticking = asyncio.create_task(tick())
    await engine.embed(SPEC, ["some words to embed"] * 640, Direction.STORE, None)
    ticking.cancel()
    assert ticks > 10


async def test_cancelling_stops_between_slices(engine: EmbeddingEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    slices = 0
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()
    real = StaticModel.embed

    def counted(self: StaticModel, texts: list[str]) -> Matrix:
        nonlocal slices
        slices += 1
        loop.call_soon_threadsafe(begun.set)
        return real(self, texts)

    monkeypatch.setattr(StaticModel, "embed", counted)
    task = asyncio.create_task(engine.embed(SPEC, ["word"] * 64_000, Direction.STORE, None))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert slices < 50


async def test_another_dimension_than_the_models_is_an_error(engine: EmbeddingEngine) -> None:
    spec = EmbeddingSpec("embedded", "wordllama-l2-supercat-256", 128)
    with pytest.raises(ProviderError, match="256 dimensions where 128") as caught:
        await engine.embed(spec, ["x"], Direction.STORE, None)
    assert caught.value.failure is ProviderFailure.BAD_RESPONSE


async def test_a_missing_package_leaves_everything_else_working(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    catalogue = load_catalogue()
    assert all(provider.available for provider in catalogue.providers if provider.key == "openai")
    engine = EmbeddingEngine(catalogue)
    with pytest.raises(ProviderError, match="pip install wordllama") as caught:
        await engine.embed(SPEC, ["x"], Direction.STORE, None)
    assert caught.value.failure is ProviderFailure.UNAVAILABLE
    assert caught.value.owner is Owner.MACHINE


def package_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the package that carries the model be in a folder."""
    spec = ModuleSpec("wordllama", None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    monkeypatch.setattr("importlib.util.find_spec", lambda _: spec)


def test_a_package_without_its_data_says_which_file_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package_in(tmp_path, monkeypatch)
    assert "l2_supercat_256.safetensors" in StaticModel().why_unavailable()


async def test_unreadable_files_are_an_error_of_this_machine(
    engine: EmbeddingEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package_in(tmp_path, monkeypatch)
    with pytest.raises(ProviderError) as caught:
        await engine.embed(SPEC, ["x"], Direction.STORE, None)
    assert caught.value.failure is ProviderFailure.UNAVAILABLE


def test_neither_wordllama_nor_httpx_is_imported_for_it() -> None:
    program = (
        "import asyncio, sys\n"
        "from astrolabe.providers.catalogue.catalogue import load_catalogue\n"
        "from astrolabe.providers.embedding.engine import EmbeddingEngine\n"
        "from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec\n"
        "spec = EmbeddingSpec('embedded', 'wordllama-l2-supercat-256', 256)\n"
        "asyncio.run(EmbeddingEngine(load_catalogue()).embed(spec, ['x'], Direction.STORE, None))\n"
        "print({'wordllama', 'httpx', 'requests'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 - our own program text
    assert done.stdout.strip() == "set()"
