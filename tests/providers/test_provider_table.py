"""The tables of providers and models are those of the catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.providers.catalogue.provider_info import ModelInfo
from tests.provider_table import dimensions, provider_table, texts, with_table


@pytest.mark.parametrize("file", list(texts()), ids=lambda file: str(Path(file).name))
def test_the_table_is_up_to_date(file: Path) -> None:
    text = file.read_text("utf-8")
    assert texts()[file](text) == text, "run `make screenshots`, or `python -m tests.provider_table`"


def test_every_provider_has_a_row_and_every_model_of_it_a_place() -> None:
    catalogue = load_catalogue()
    rows = provider_table(catalogue, load_catalogue(unlisted_models=True)).splitlines()[2:]
    assert [row.split(" | ")[1] for row in rows] == [f"`{provider.key}`" for provider in catalogue.providers]
    for row, provider in zip(rows, catalogue.providers, strict=True):
        assert all(model.name in row for model in provider.models)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (ModelInfo("m", dimension=8), "8"),
        (ModelInfo("m", dimension_range=(2, 8), default_dimension=8), "2–8"),
        (ModelInfo("m", dimension_range=(2, 8), default_dimension=4), "2–8; 4"),
        (ModelInfo("m", dimension_range=(2, 8)), "2–8"),
        (ModelInfo("m", dimension_range=(2, 8), dimension_options=(2, 8), default_dimension=8), "2, 8"),
    ],
)
def test_a_dimension_in_words(model: ModelInfo, words: str) -> None:
    assert dimensions(model) == words


def test_a_text_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="'providers'"):
        with_table("no marks", "providers", "")
