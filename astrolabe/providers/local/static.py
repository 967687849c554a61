"""A bag-of-words model: a text's vector is the mean of its tokens' vectors, scaled to unit length.

The vectors and the tokenizer come with the ``wordllama`` package. Its two data files are read directly, so neither
its compiled modules nor its download code is ever imported. The result is what
``WordLlama.load().embed(texts, norm=True)`` returns.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from astrolabe.providers.local.protocol import LongText
from astrolabe.providers.local.tensors import PACKAGE, read_tensors
from storage.shapes import Matrix

if TYPE_CHECKING:
    from tokenizers import Tokenizer

STATIC_DIMENSION = 256
"""Length of the model's vectors."""

INSTALL_LINE = "pip install wordllama==0.4.0.post1"
"""What brings the model to a platform where it did not come with this program."""

_WEIGHTS = Path("weights") / "l2_supercat_256.safetensors"
_TOKENIZER = Path("tokenizers") / "l2_supercat_tokenizer_config.json"
_NEEDED = ("wordllama", "tokenizers", PACKAGE)
_TOKENS_AT_ONCE = 16_384
"""Token vectors gathered at a time (16 MB), so that one huge text does not take gigabytes."""


class StaticModel:
    """The model, loaded on first use and then kept (32 MB). May be used from several threads."""

    name = "wordllama-l2-supercat-256"
    dimension = STATIC_DIMENSION
    slow = False
    slice_size = 64

    def __init__(self) -> None:
        self._lock = Lock()
        self._loaded: tuple[NDArray[np.float32], Tokenizer] | None = None

    def why_unavailable(self) -> str:
        """Return why the model cannot be used here and how to get it; empty when it can."""
        missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
        if missing:
            return f"The Embedded model needs the package {missing[0]}, which is not installed. Run: {INSTALL_LINE}"
        folder = _package_folder()
        absent = next((path for path in (_WEIGHTS, _TOKENIZER) if not (folder / path).is_file()), None)
        if absent is not None:
            return f"The installed wordllama package has no {absent.name}. Run: {INSTALL_LINE}"
        return ""

    def too_long(self, texts: Sequence[str]) -> LongText | None:  # noqa: ARG002 - it reads any length
        """Return None: every token counts."""
        return None

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one unit vector per text, shape ``(len(texts), 256)``; blocks, so call it in a thread.

        A text without any token has the zero vector.

        Raises:
            OSError: The model's files cannot be read.
        """
        table, tokenizer = self._load()
        result = np.zeros((len(texts), STATIC_DIMENSION), dtype=np.float32)
        encodings = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        for row, encoding in enumerate(encodings):
            ids = np.minimum(np.asarray(encoding.ids, dtype=np.int64), len(table) - 1)
            for start in range(0, len(ids), _TOKENS_AT_ONCE):
                result[row] += table[ids[start : start + _TOKENS_AT_ONCE]].sum(axis=0, dtype=np.float32)
            result[row] /= max(len(ids), 1)
        lengths = np.linalg.norm(result, axis=1, keepdims=True)
        result /= np.where(lengths > 0, lengths, np.float32(1))
        return result

    def _load(self) -> tuple[NDArray[np.float32], Tokenizer]:
        with self._lock:
            if self._loaded is None:
                self._loaded = _read_model(_package_folder())
            return self._loaded


def _package_folder() -> Path:
    spec = importlib.util.find_spec("wordllama")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"The package wordllama is not installed. Run: {INSTALL_LINE}")
    return Path(spec.submodule_search_locations[0])


def _read_model(folder: Path) -> tuple[NDArray[np.float32], Tokenizer]:
    # Imported here: it costs time, and most runs never embed on this machine.
    from tokenizers import Tokenizer  # noqa: PLC0415

    weights = folder / _WEIGHTS
    table = read_tensors(weights)["embedding.weight"].astype(np.float32)
    tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return table, tokenizer
