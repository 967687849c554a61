"""What the table page says of a column: in its row, and in full under the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from astrolabe.dataapi.client.table_words import IndexInfo, indexes_of, type_words, vector_index
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.language.named_vectors import NamedVector
from astrolabe.dataapi.language.tables.key_parsing import PrimaryKey
from astrolabe.dataapi.language.tables.types import ColumnType, user_types
from astrolabe.portal.organization import ServiceConfig
from astrolabe.text.safe_text import display_text

ACTIVE, DISABLED = "✓", "⊘"
"""Marks a service that can be used now, and one that cannot."""

HEADINGS = (("Column", 15), ("Type", 17), ("Key", 11), ("Index", 12), ("Service", 13))
"""The table page's columns, with their widths in a narrow terminal."""


def cells(table: TargetInfo, column: str, reasons: Mapping[str, str]) -> list[str]:
    """Return a column's row: name, type, key, index, service."""
    names = ", ".join(index.name for index in indexes_of(table, column))
    vector = table.vectors.get(column)
    return [
        column,
        type_words(table.columns[column]),
        _key_cell(table.primary_key or PrimaryKey(()), column),
        names or ("none" if vector else ""),
        _service_cell(vector, disabled=column in reasons) if vector else "",
    ]


def _key_cell(key: PrimaryKey, column: str) -> str:
    if column not in key.columns:
        return ""
    place = key.columns.index(column) + 1
    if column in key.partition_by:
        return f"{place} partition"
    return f"{place} sort {'desc' if key.partition_sort[column] == -1 else 'asc'}"


def _service_cell(vector: NamedVector, *, disabled: bool) -> str:
    if vector.service is None:
        return "own vectors"
    return f"{DISABLED if disabled else ACTIVE} {vector.service.provider}"


def details(table: TargetInfo, column: str, reasons: Mapping[str, str]) -> Content:
    """Return everything about a column, a line for each thing.

    Args:
        table: Its table, with its indexes.
        column: The column.
        reasons: Why services are disabled, by column.
    """
    kind, key = table.columns[column], table.primary_key or PrimaryKey(())
    lines = [f"{column}: {type_words(kind)}", *_type_lines(kind), *_key_lines(key, column)]
    lines += [index_words(index) for index in indexes_of(table, column)]
    shown = Content("\n".join(display_text(line, limit=200) for line in lines))
    vector = table.vectors.get(column)
    if vector is None:
        return shown
    if vector_index(table, column) is None:
        shown += Content.styled("\nNo vector index: the column cannot be searched. ", "$text-warning")
        shown += Content("Press i to make one.")
    return shown + Content("\n") + _service_words(vector.service, reasons.get(column))


def index_words(index: IndexInfo) -> str:
    """Return an index in a line, such as ``Index by_meaning: vector, metric cosine``."""
    options = [f"{name} {value}" for name, value in index.options.items() if value not in ("other", None)]
    part = [{"$keys": "of the keys", "$values": "of the values"}.get(index.part, "")] if index.part else []
    return f"Index {index.name}: {', '.join([index.kind, *part, *options])}"


def _type_lines(kind: ColumnType) -> Sequence[str]:
    return [
        f"Type {one.udt}: {', '.join(f'{field} {inner.name}' for field, inner in one.fields.items())}"
        for one in user_types(kind)
    ]


def _key_lines(key: PrimaryKey, column: str) -> Sequence[str]:
    if column in key.partition_by:
        others = [name for name in key.partition_by if name != column]
        beside = f", with {', '.join(others)}" if others else ""
        return (f"Primary key: decides which rows lie together{beside}.",)
    if column in key.partition_sort:
        order = "descending" if key.partition_sort[column] == -1 else "ascending"
        return (f"Primary key: orders the rows of a partition, {order}.",)
    return ()


def _service_words(service: ServiceConfig | None, reason: str | None) -> Content:
    if service is None:
        return Content("No service: the column takes vectors only.")
    key = f", key {service.credential_name}" if service.credential_name else ""
    words = display_text(f"{service.provider}, {service.model}{key}", limit=200)
    if reason is not None:
        return Content.styled(f"{DISABLED} Disabled: ", "$text-warning") + Content(
            f"{words}\n{display_text(reason, limit=300)}"
        )
    return Content.styled(f"{ACTIVE} Active: ", "$text-success") + Content(
        f"{words}\nTexts become vectors; the texts themselves are not kept."
    )
