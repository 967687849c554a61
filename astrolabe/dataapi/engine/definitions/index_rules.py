"""Which indexes a table can have: from createIndex, createVectorIndex and createTextIndex to what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import get_args
from uuid import uuid4

from astrolabe.dataapi.engine.definitions.naming import with_types
from astrolabe.dataapi.engine.definitions.table_changes import unknown_columns
from astrolabe.dataapi.engine.definitions.table_definition import IndexKind, MapPart, TableDefinition, TableIndex
from astrolabe.dataapi.language.commands.schema import OTHER_SPELLINGS, SourceModel
from astrolabe.dataapi.language.commands.table_schema import (
    RegularOptions,
    TextIndexOptions,
    VectorIndexOptions,
)
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.dataapi.language.named_vectors import DEFAULT_SOURCE_MODEL
from astrolabe.dataapi.language.tables.types import (
    TEXTS,
    ColumnType,
    ListType,
    MapType,
    Scalar,
    ScalarType,
    SetType,
    VectorType,
)
from astrolabe.dataapi.language.values import shown, type_name
from astrolabe.dataapi.protocol import Json, JsonValue
from astrolabe.errors import DataApiError
from storage.lexical.analyzers import STANDARD, AnalyzerError, read_analyzer
from storage.shapes import Metric

_SOURCE_MODELS: tuple[str, ...] = get_args(SourceModel)
_NOT_INDEXED = frozenset({Scalar.BLOB, Scalar.DURATION, Scalar.COUNTER})
_FORMS = 'the name of a column, or {"column": "$keys"} or {"column": "$values"} for a map'


@dataclass(frozen=True, slots=True)
class Place:
    """The column that an index is for, and what of it."""

    column: str
    part: MapPart | None = None


def parse_place(given: JsonValue) -> Place:
    """Read ``definition.column``.

    Raises:
        DataApiError: ``INVALID_FORMAT_FOR_INDEX_CREATION_COLUMN``.
    """
    if isinstance(given, str):
        return Place(given)
    if isinstance(given, Mapping) and len(given) == 1:
        ((column, part),) = given.items()
        if isinstance(part, str) and part in {MapPart.KEYS, MapPart.VALUES}:
            return Place(column, MapPart(part))
    raise _bad_format(f"{shown(given)} is neither")


def check_type(given: str | None, kind: IndexKind) -> None:
    """Refuse an ``indexType`` that is another than the command's.

    Raises:
        DataApiError: ``UNKNOWN_INDEX_TYPE`` or ``UNSUPPORTED_INDEX_TYPE``.
    """
    if given is None or given == kind:
        return
    known = given in set(IndexKind)
    raise data_api_error(
        "UNSUPPORTED_INDEX_TYPE" if known else "UNKNOWN_INDEX_TYPE",
        f"This command makes indexes of the type {kind.value}, not {cut(given)}. There are: {', '.join(IndexKind)}.\n"
        "Leave 'indexType' out, or use the command for that type.",
    )


def regular_index(table: TableDefinition, name: str, place: Place, options: RegularOptions) -> TableIndex:
    """Return a regular index of a column.

    Raises:
        DataApiError: The column cannot have one.
    """
    kind = _column(table, place)
    part = _part(kind, place)
    if isinstance(kind, VectorType) or not isinstance(kind, ScalarType | ListType | SetType | MapType):
        raise _unsupported("UNSUPPORTED_INDEXING_FOR_DATA_TYPES", table, place, "single values, lists, sets and maps")
    given = {name: value for name, value in options.model_dump(by_alias=True).items() if value is not None}
    if given:
        _check_text_options(table, place, kind, part)
    return TableIndex(name, IndexKind.REGULAR, place.column, part, _text_options(kind, given))


def vector_index(table: TableDefinition, name: str, place: Place, options: VectorIndexOptions) -> TableIndex:
    """Return a vector index of a column.

    Raises:
        DataApiError: The column cannot have one, or an option is unknown.
    """
    kind = _column(table, place)
    if not isinstance(kind, VectorType) or place.part is not None:
        raise _unsupported("UNSUPPORTED_VECTOR_INDEX_FOR_DATA_TYPES", table, place, "vectors")
    source = options.source_model or DEFAULT_SOURCE_MODEL
    if source not in _SOURCE_MODELS:
        raise _unknown_option("UNKNOWN_VECTOR_SOURCE_MODEL", "source model", source, _SOURCE_MODELS)
    default = Metric.COSINE if source == DEFAULT_SOURCE_MODEL else Metric.DOT_PRODUCT
    metric = OTHER_SPELLINGS.get(options.metric or "", options.metric or default)
    if metric not in set(Metric):
        raise _unknown_option("UNKNOWN_VECTOR_METRIC", "metric", metric, list(Metric))
    return TableIndex(name, IndexKind.VECTOR, place.column, None, {"metric": str(metric), "sourceModel": source})


def text_index(table: TableDefinition, name: str, place: Place, options: TextIndexOptions) -> TableIndex:
    """Return a text index of a column.

    Raises:
        DataApiError: The column cannot have one, or the analyzer cannot be one.
    """
    kind = _column(table, place)
    if not isinstance(kind, ScalarType) or kind.scalar is not Scalar.TEXT or place.part is not None:
        raise _unsupported("UNSUPPORTED_TEXT_INDEX_FOR_DATA_TYPES", table, place, "the type text")
    analyzer = STANDARD if options.analyzer is None else options.analyzer
    if not isinstance(analyzer, str | Mapping):
        raise data_api_error(
            "UNSUPPORTED_JSON_TYPE_FOR_TEXT_INDEX",
            f"The analyzer of a text index is a String or an Object, not {type_name(analyzer)}: {shown(analyzer)}.\n"
            "Correct it and send the command again.",
        )
    return TableIndex(name, IndexKind.TEXT, place.column, None, {"analyzer": analyzer})


def refusal(table: TableDefinition, index: TableIndex) -> str:
    """Return why the database behind the API would not make an index, for a message; empty when it would."""
    key, kind = table.primary_key, table.columns[index.column]
    others = (other for other in table.all_indexes.values() if other.column == index.column)
    taken = next((other for other in others if other.part == index.part), None)
    if taken is not None:
        return f"the column {index.column} has the index {taken.name} already"
    if index.column in key.columns:
        if key.partition_by == (index.column,):
            return f"the column {index.column} alone is the partition key, which needs no index"
        if isinstance(kind, ScalarType) and kind.scalar in TEXTS:
            return f"texts of the primary key cannot be indexed: {index.column}"
    if isinstance(kind, VectorType) and kind.dimension == 1 and index.metric is Metric.COSINE:
        return f"vectors of one number have no direction to compare by cosine: {index.column}"
    indexed = kind if isinstance(kind, ScalarType) else _inside(kind, index.part)
    if isinstance(indexed, ScalarType) and indexed.scalar in _NOT_INDEXED:
        return f"values of the type {indexed.name} cannot be indexed: {index.column}"
    return _analyzer_problem(index)


def with_index(table: TableDefinition, index: TableIndex, *, building: bool = False) -> TableDefinition:
    """Return the definition with one more index, which may not be complete yet."""
    if building:
        return replace(table, building={**table.building, index.name: replace(index, build=uuid4().hex)})
    return replace(table, indexes={**table.indexes, index.name: index})


def with_complete(table: TableDefinition, names: Iterable[str]) -> TableDefinition:
    """Return the definition with indexes that are complete now; one that is gone stays gone."""
    complete = {name: replace(table.building[name], build="") for name in names if name in table.building}
    building = {name: index for name, index in table.building.items() if name not in complete}
    return replace(table, indexes={**table.indexes, **complete}, building=building)


def without_index(table: TableDefinition, name: str) -> TableDefinition:
    """Return the definition without an index."""
    return replace(
        table,
        indexes={other: index for other, index in table.indexes.items() if other != name},
        building={other: index for other, index in table.building.items() if other != name},
    )


def _column(table: TableDefinition, place: Place) -> ColumnType:
    kind = table.columns.get(place.column)
    if kind is None:
        raise unknown_columns("UNKNOWN_INDEX_COLUMN", table, [place.column])
    return kind


def _part(kind: ColumnType, place: Place) -> MapPart | None:
    """Return what of the column is indexed: the elements of lists and sets; of maps the entries unless it is said."""
    if isinstance(kind, MapType):
        return place.part or MapPart.ENTRIES
    if isinstance(kind, ListType | SetType):
        if place.part is MapPart.KEYS:
            raise _bad_format(f"the column {cut(place.column)} has no keys: it is a {kind.name}")
        return MapPart.VALUES
    if place.part is not None:
        raise _bad_format(f"the column {cut(place.column)} has no {place.part.value}: it is a {kind.name}")
    return None


def _inside(kind: ColumnType, part: MapPart | None) -> ColumnType | None:
    """Return the type of what is indexed of a collection; None for the entries of a map."""
    if isinstance(kind, MapType):
        return kind.key if part is MapPart.KEYS else kind.value if part is MapPart.VALUES else None
    return kind.value if isinstance(kind, ListType | SetType) else None


def _check_text_options(table: TableDefinition, place: Place, kind: ColumnType, part: MapPart | None) -> None:
    if part is MapPart.ENTRIES:
        raise data_api_error(
            "CANNOT_ANALYZE_ENTRIES_ON_MAP_COLUMNS",
            f"The index of the entries of the map {cut(place.column)} cannot have 'ascii', 'caseSensitive' or "
            "'normalize'.\nLeave them out, or index '$keys' or '$values', and send the command again.",
        )
    indexed = kind if isinstance(kind, ScalarType) else _inside(kind, part)
    if not isinstance(indexed, ScalarType) or indexed.scalar not in TEXTS:
        raise _unsupported(
            "UNSUPPORTED_TEXT_ANALYSIS_FOR_DATA_TYPES",
            table,
            place,
            "texts, with 'ascii', 'caseSensitive', 'normalize'",
        )


def _text_options(kind: ColumnType, given: Json) -> Json:
    """Return what an index keeps of its options: all three of them where texts are compared."""
    is_text = isinstance(kind, ScalarType) and kind.scalar in TEXTS
    return {"ascii": False, "caseSensitive": True, "normalize": False, **given} if is_text or given else {}


def _analyzer_problem(index: TableIndex) -> str:
    if index.kind is not IndexKind.TEXT:
        return ""
    try:
        read_analyzer(index.options["analyzer"])
    except AnalyzerError as problem:
        return f"its analyzer cannot be used: {problem}"
    return ""


def _unsupported(code: str, table: TableDefinition, place: Place, supported: str) -> DataApiError:
    return data_api_error(
        code,
        f"Such an index is for columns of {supported}, not for {with_types(table.columns, [place.column])}. "
        f"The columns are: {with_types(table.columns)}.\nUse one that can have it and send the command again.",
    )


def _unknown_option(code: str, what: str, given: str, known: Iterable[str]) -> DataApiError:
    return data_api_error(
        code, f"The {what} {cut(given)} is unknown. Known are: {listed(known)}.\nUse one and send the command again."
    )


def _bad_format(problem: str) -> DataApiError:
    return data_api_error(
        "INVALID_FORMAT_FOR_INDEX_CREATION_COLUMN",
        f"'definition.column' of an index is {_FORMS}: {problem}.\nCorrect it and send the command again.",
    )
