"""Weights of models in the safetensors format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from astrolabe.providers.local.protocol import LocalModelError

PACKAGE = "safetensors"
"""What reads them; it comes with the models."""

Tensors = Mapping[str, NDArray[Any]]
"""Arrays by name."""


def read_tensors(path: Path) -> Tensors:
    """Return the tensors of a file.

    Raises:
        OSError: It cannot be read.
        LocalModelError: It is damaged, or has numbers of a kind that numpy lacks.
    """
    # Imported here: most runs never embed on this machine.
    from safetensors import SafetensorError  # noqa: PLC0415
    from safetensors.numpy import load_file  # noqa: PLC0415

    try:
        return load_file(path)
    except (SafetensorError, KeyError, ValueError) as error:
        raise LocalModelError(f"The file {path} is damaged: it has no weights that can be read.") from error
