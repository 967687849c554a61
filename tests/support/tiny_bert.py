"""A tiny BERT with random weights in files of its own, and a forward pass in plain loops to compare with."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from astrolabe.providers.local.transformer import MINILM, PinnedFile, TransformerSpec

WIDTH, HEADS, INNER, LAYERS, POSITIONS = 8, 2, 12, 2, 16
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "red", "blue", "bi", "##cycle", "chair", "rain", "a", "##s", "."]
CLS, SEP, UNKNOWN = 2, 3, 1

Weights = dict[str, NDArray[np.float32]]


def random_weights(seed: int = 1) -> Weights:
    """Return weights under BERT's names, large enough that every part matters."""
    rng = np.random.default_rng(seed)
    weights: Weights = {}

    def put(name: str, *shape: int, around: float = 0.0) -> None:
        weights[name] = (around + 0.6 * rng.standard_normal(shape)).astype(np.float32)

    for name, rows in (("word", len(WORDS)), ("position", POSITIONS), ("token_type", 2)):
        put(f"embeddings.{name}_embeddings.weight", rows, WIDTH)
    norms = ["embeddings.LayerNorm"]
    for layer in range(LAYERS):
        start = f"encoder.layer.{layer}"
        dense = {f"attention.self.{part}": (WIDTH, WIDTH) for part in ("query", "key", "value")}
        dense |= {"attention.output.dense": (WIDTH, WIDTH), "intermediate.dense": (INNER, WIDTH)}
        dense |= {"output.dense": (WIDTH, INNER)}
        for name, (out, into) in dense.items():
            put(f"{start}.{name}.weight", out, into)
            put(f"{start}.{name}.bias", out)
        norms += [f"{start}.attention.output.LayerNorm", f"{start}.output.LayerNorm"]
    for name in norms:
        put(f"{name}.weight", WIDTH, around=1.0)
        put(f"{name}.bias", WIDTH)
    return weights


def write_model(folder: Path, weights: Weights, *, most_tokens: int = 12) -> TransformerSpec:
    """Write both files of a model and return what pins them."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    special = {name: {"id": name, "ids": [WORDS.index(name)], "tokens": [name]} for name in ("[CLS]", "[SEP]")}
    single = [
        {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
    ]
    tokenizer: dict[str, Any] = {
        "version": "1.0",
        "truncation": {"max_length": 4, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
        "padding": {
            "strategy": {"Fixed": 9},
            "direction": "Right",
            "pad_to_multiple_of": None,
            "pad_id": 0,
            "pad_type_id": 0,
            "pad_token": "[PAD]",
        },
        "added_tokens": [],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing", "single": single, "pair": single, "special_tokens": special},
        "decoder": None,
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {word: place for place, word in enumerate(WORDS)},
        },
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    return replace(
        MINILM,
        dimension=WIDTH,
        heads=HEADS,
        most_tokens=most_tokens,
        weights=_pinned(folder / "model.safetensors"),
        tokenizer=_pinned(folder / "tokenizer.json"),
    )


def _pinned(path: Path) -> PinnedFile:
    content = path.read_bytes()
    return PinnedFile(path.name, len(content), hashlib.sha256(content).hexdigest())


def plain_vector(weights: Weights, ids: list[int]) -> list[float]:
    """Return the vector of one text, one number after the other, in double precision."""
    words, places = weights["embeddings.word_embeddings.weight"], weights["embeddings.position_embeddings.weight"]
    kind = weights["embeddings.token_type_embeddings.weight"][0]
    rows = [[float(words[i][c] + places[p][c] + kind[c]) for c in range(WIDTH)] for p, i in enumerate(ids)]
    rows = [_norm(weights, "embeddings.LayerNorm", row) for row in rows]
    for layer in range(LAYERS):
        rows = _layer(weights, f"encoder.layer.{layer}", rows)
    mean = [sum(row[c] for row in rows) / len(rows) for c in range(WIDTH)]
    length = math.sqrt(sum(value * value for value in mean))
    return [value / length for value in mean]


def _layer(weights: Weights, name: str, rows: list[list[float]]) -> list[list[float]]:
    query, key, value = (
        [_dense(weights, f"{name}.attention.self.{part}", row) for row in rows] for part in ("query", "key", "value")
    )
    size = WIDTH // HEADS
    result = []
    for at, row in enumerate(rows):
        context = [0.0] * WIDTH
        for head in range(HEADS):
            of_head = range(head * size, (head + 1) * size)
            scores = [sum(query[at][c] * other[c] for c in of_head) / math.sqrt(size) for other in key]
            total = sum(math.exp(score) for score in scores)
            for score, other in zip(scores, value, strict=True):
                for c in of_head:
                    context[c] += math.exp(score) / total * other[c]
        attended = _dense(weights, f"{name}.attention.output.dense", context)
        seen = _norm(weights, f"{name}.attention.output.LayerNorm", _plus(attended, row))
        inner = [x * (1 + math.erf(x / math.sqrt(2))) / 2 for x in _dense(weights, f"{name}.intermediate.dense", seen)]
        outer = _dense(weights, f"{name}.output.dense", inner)
        result.append(_norm(weights, f"{name}.output.LayerNorm", _plus(outer, seen)))
    return result


def _plus(one: list[float], other: list[float]) -> list[float]:
    return [a + b for a, b in zip(one, other, strict=True)]


def _dense(weights: Weights, name: str, row: list[float]) -> list[float]:
    matrix, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    return [float(bias[o]) + sum(float(matrix[o][i]) * row[i] for i in range(len(row))) for o in range(len(bias))]


def _norm(weights: Weights, name: str, row: list[float]) -> list[float]:
    mean = sum(row) / len(row)
    spread = math.sqrt(sum((value - mean) ** 2 for value in row) / len(row) + 1e-12)
    weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    return [float(weight[c]) * (value - mean) / spread + float(bias[c]) for c, value in enumerate(row)]
