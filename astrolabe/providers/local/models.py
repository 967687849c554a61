"""Which models there are on this machine, by name, and how they are run beside an event loop."""

from __future__ import annotations

from pathlib import Path

from astrolabe.providers.local.protocol import LocalModel
from astrolabe.providers.local.static import StaticModel
from astrolabe.providers.local.transformer import MINILM, TransformerModel


def is_slow(name: str) -> bool:
    """Return whether the model of that name, if there is one, takes milliseconds for a text."""
    return name == MINILM.name and TransformerModel.slow


class LocalModels:
    """The models that can run on this machine; none is loaded before it is used.

    Args:
        minilm_folder: Folder with the files of all-MiniLM-L6-v2; None takes the package that carries them.
    """

    def __init__(self, *, minilm_folder: Path | None = None) -> None:
        models: tuple[LocalModel, ...] = (StaticModel(), TransformerModel(MINILM, minilm_folder))
        self._models = {model.name: model for model in models}

    def find(self, name: str) -> LocalModel | None:
        """Return the model of that name, or None."""
        return self._models.get(name)

    def why_unavailable(self, name: str) -> str:
        """Return why a model cannot be used here and how to get it; empty when it can."""
        model = self.find(name)
        return model.why_unavailable() if model is not None else f"There is no model '{name}' on this machine."

    def verify(self, name: str) -> None:
        """Load a model, which compares its files with what they should be; blocks.

        Raises:
            OSError: The model's files cannot be read.
            LocalModelError: They are not the model's.
        """
        self._models[name].too_long([])
