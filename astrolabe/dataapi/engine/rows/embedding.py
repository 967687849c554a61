"""The vectors of the texts that rows bring for vector columns with a service."""

from __future__ import annotations

from collections.abc import Iterable

from astrolabe.dataapi.engine.rows.reading_values import Embedded, GivenRow
from astrolabe.dataapi.engine.target import Target
from astrolabe.providers.catalogue.provider_info import Direction
from storage.shapes import Vector


async def embed_texts(target: Target, rows: Iterable[GivenRow]) -> Embedded:
    """Return the vectors of all texts of some rows, for storing: each text once per service, in one go per service.

    Columns whose service and dimension are the same share their calls.

    Raises:
        DataApiError: Embedding failed.
    """
    groups: dict[str, dict[str, None]] = {}
    asked: dict[tuple[str, str], str] = {}
    columns: dict[str, str] = {}
    for row in rows:
        for column, text in row.texts.items():
            vector = target.vectors[column]
            group = repr((vector.service, vector.dimension))
            columns.setdefault(group, column)
            groups.setdefault(group, {})[text] = None
            asked[column, text] = group
    made: dict[tuple[str, str], Vector] = {}
    for group, texts in groups.items():
        matrix = await target.embed(columns[group], list(texts), Direction.STORE)
        made.update({(group, text): vector for text, vector in zip(texts, matrix, strict=True)})
    return {(column, text): made[group, text] for (column, text), group in asked.items()}
