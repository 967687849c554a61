"""Write the tables of providers and models, which the README and a guide show, from the catalogue.

python -m tests.provider_table            rewrites what stands between the marks (make screenshots)
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from astrolabe.providers.catalogue.catalogue import Catalogue, load_catalogue
from astrolabe.providers.catalogue.provider_info import Hosting, ModelInfo, ProviderInfo
from astrolabe.providers.catalogue.wire_format import WireFormat

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
GUIDE = ROOT / "docs" / "guides" / "integrations.md"


def provider_table(catalogue: Catalogue, everything: Catalogue) -> str:
    """Return one row per provider, in the portal's order."""
    rows = [
        [
            provider.label,
            f"`{provider.key}`",
            provider.credential_noun if provider.hosting is Hosting.EXTERNAL else "none",
            _models(provider, len(everything.get(provider.key).models) - len(provider.models)),
            _directions(catalogue.wire(provider.key)),
            _limits(provider, catalogue.wire(provider.key)),
        ]
        for provider in catalogue.providers
    ]
    head = ["Provider", "In the Data API", "Credential", "Models (dimensions)", "Query and document", "One request"]
    return _table(head, rows)


def model_table(everything: Catalogue) -> str:
    """Return one row per model of every provider, those that Astra DB does not list too."""
    rows = [
        [
            provider.label,
            f"`{model.name}`",
            dimensions(model),
            _number(model.context_tokens),
            _number(model.request_tokens or _request_tokens(everything.wire(provider.key))),
            "yes" if model.listed_by_astra else "no",
            f"until {model.ends:%Y-%m-%d}" if model.ends else "yes" if model.current else "no",
        ]
        for provider in everything.providers
        if provider.listed_by_astra
        for model in provider.models
    ]
    head = ["Provider", "Model", "Dimensions", "Tokens of a text", "… of a request", "Astra DB", "At the provider"]
    return _table(head, rows)


def dimensions(model: ModelInfo) -> str:
    """Return a model's dimension, or its range and default."""
    if model.dimension_range is None:
        return str(model.dimension)
    low, high = model.dimension_range
    among = ", ".join(map(str, model.dimension_options)) or f"{low}–{high}"
    return among if model.default_dimension in {None, high} else f"{among}; {model.default_dimension}"


def _number(value: int | None) -> str:
    return f"{value:,}" if value else "–"


def _request_tokens(wire: WireFormat | None) -> int | None:
    return wire.request_tokens if wire is not None else None


def _models(provider: ProviderInfo, more: int) -> str:
    names = ", ".join(f"{model.name} ({dimensions(model)})" for model in provider.models)
    return f"{names}, and {more} more" if more else names


def _directions(wire: WireFormat | None) -> str:
    if wire is None:
        return "the same"
    if wire.direction_field:
        return f"`{wire.direction_field}`: {wire.query_value}, {wire.store_value}"
    if wire.query_suffix:
        return f"model name: {wire.query_suffix}, {wire.store_suffix}"
    if wire.passage_members:
        return f"`{wire.passage_members[0]}` of the collection"
    return "the same"


def _limits(provider: ProviderInfo, wire: WireFormat | None) -> str:
    if wire is None:
        return "no request"
    most = f" (it takes {provider.request_texts:,})" if provider.request_texts else ""
    parts = [("1 text" if provider.batch_limit == 1 else f"{provider.batch_limit:,} texts") + most]
    if wire.request_tokens:
        parts.append(f"{wire.request_tokens:,} tokens")
    if wire.request_bytes:
        parts.append(f"{wire.request_bytes // 1_000_000} MB")
    return ", ".join(parts)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows])


def with_table(text: str, name: str, table: str) -> str:
    """Return a text with the table of that name in the place of the one between its marks.

    Raises:
        ValueError: The text has no such marks.
    """
    start, end = f"<!-- {name}: written by `python -m tests.provider_table` -->", f"<!-- end of {name} -->"
    before, opened, rest = text.partition(start)
    _, closed, after = rest.partition(end)
    if not opened or not closed:
        raise ValueError(f"there are no marks for the table '{name}'")
    return f"{before}{start}\n\n{table}\n\n{end}{after}"


def texts() -> dict[Path, Callable[[str], str]]:
    """Return what brings each file's table up to date."""
    catalogue, everything = load_catalogue(), load_catalogue(unlisted_models=True)
    return {
        README: lambda text: with_table(text, "providers", provider_table(catalogue, everything)),
        GUIDE: lambda text: with_table(text, "models", model_table(everything)),
    }


def main() -> int:
    """Rewrite the tables."""
    for file, updated in texts().items():
        file.write_text(updated(file.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
