"""Filters: from the JSON of a ``filter`` clause to the tree that the storage room understands.

``$not`` is rewritten while parsing: below it every operator is replaced by its opposite and ``$and`` and ``$or`` change
places, so that the rules for missing fields are those of the operator that results.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from astrolabe.dataapi.language.allowances import allowed, setting_of
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.filter_operands import WRITTEN_OPERATORS, check_choices, invalid_filter, parse_operand
from astrolabe.dataapi.language.ids import canonical_key, check_id
from astrolabe.dataapi.language.paths import Path, PathSyntaxError, split_path
from astrolabe.dataapi.language.rules import DocumentRules
from astrolabe.dataapi.language.special_fields import LEXICAL, SPECIAL_FIELDS
from astrolabe.dataapi.language.values import count_characters, count_values, ejson_name, shown, type_name
from astrolabe.errors import DataApiError
from storage.filters.tree import All, AnyOf, Comparison, Filter, Operator

MAX_VALUES = 10_000
"""Values that its fields are compared with in all, with those inside arrays and objects."""

MAX_CHARACTERS = 1_000_000
"""Characters of the texts that it compares with, in all; an indexed text has at most 8,000 bytes."""

MAX_CLAUSES = 256
"""Objects in a filter that hold comparisons or other filters, empty ones too."""

MAX_NESTING = 64
"""Levels of ``$and``, ``$or`` and ``$not``; more cannot be of use with 64 comparisons."""

ID_PATH: Path = ("_id",)

_OPPOSITES: Mapping[Operator, Operator] = {
    Operator.EQ: Operator.NE,
    Operator.NE: Operator.EQ,
    Operator.IN: Operator.NIN,
    Operator.NIN: Operator.IN,
    Operator.GT: Operator.LTE,
    Operator.LTE: Operator.GT,
    Operator.GTE: Operator.LT,
    Operator.LT: Operator.GTE,
    Operator.ALL: Operator.NOT_ALL,
    Operator.SIZE: Operator.NOT_SIZE,
    Operator.MATCH: Operator.NOT_MATCH,
}


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where in the clause the parser stands."""

    depth: int = 0
    negated: bool = False
    in_or: bool = False


def parse_filter(clause: object, rules: DocumentRules) -> Filter:
    """Read a filter clause.

    Args:
        clause: The JSON of the clause, its numbers exact; None and ``{}`` match every document.
        rules: The collection's.

    Returns:
        The tree, free of ``$not``; of bounded size.

    Raises:
        DataApiError: One of the FILTER codes, or LEXICAL_NOT_ENABLED_FOR_COLLECTION.
    """
    if clause is None:
        return All(())
    parser = _Parser(rules)
    where = parser.parse(clause, _Scope())
    parser.check_ids()
    return where


def id_keys(where: Filter) -> tuple[str, ...] | None:
    """Return the keys that the filter limits ``_id`` to, in the order given; None when it does not limit it.

    Only what every match must satisfy counts. Documents with these keys still have to match the whole filter.
    """
    if isinstance(where, All):
        return next((keys for keys in map(id_keys, where.parts) if keys is not None), None)
    if not isinstance(where, Comparison) or where.path != ID_PATH:
        return None
    if where.operator not in {Operator.EQ, Operator.IN}:
        return None
    values = where.operand if where.operator is Operator.IN else (where.operand,)
    keys = (canonical_key(value) for value in values if not isinstance(value, list | Mapping) or ejson_name(value))
    return tuple(dict.fromkeys(keys))


@dataclass(slots=True)
class _Parser:
    """Reads one clause and counts its comparisons and filters."""

    rules: DocumentRules
    comparisons: int = 0
    clauses: int = 0
    values: int = 0
    characters: int = 0
    ids: int = 0
    id_in_or: bool = False

    def check_ids(self) -> None:
        """Refuse what was said too often or in the wrong place about ``_id``."""
        if self.ids > 1:
            raise data_api_error(
                "FILTER_MULTIPLE_ID_FILTER",
                "The filter has more than one '_id' equals clause, which is not supported.\n\n"
                "Use one '_id', or '$in' with all of them, and resend the command.",
            )
        if self.id_in_or:
            raise invalid_filter("'_id' cannot be used inside '$or'; use '$in' for several of them")

    def parse(self, clause: object, scope: _Scope) -> Filter:
        """Read one filter object."""
        if not isinstance(clause, Mapping):
            raise _not_an_object(clause)
        self.clauses += 1
        if self.clauses > MAX_CLAUSES:
            raise _too_large(f"{MAX_CLAUSES} filters inside it")
        if scope.depth > MAX_NESTING:
            raise invalid_filter(f"'$and', '$or' and '$not' nest more than {MAX_NESTING} deep")
        parts: list[Filter] = []
        for name, value in clause.items():
            if name in {"$and", "$or"} and isinstance(value, list):
                parts.extend(self._logical(name, value, scope))
            elif name == "$not" and isinstance(value, Mapping):
                parts.append(self.parse(value, replace(scope, depth=scope.depth + 1, negated=not scope.negated)))
            else:
                parts.extend(self._field(name, value, scope))
        if clause and not parts:
            return All(())
        return _joined(parts, any_of=scope.negated)

    def _logical(self, name: str, value: list[object], scope: _Scope) -> list[Filter]:
        """Read ``$and`` or ``$or``; an empty one says nothing."""
        inner = replace(scope, depth=scope.depth + 1, in_or=scope.in_or or name == "$or")
        parts = [self._inner(name, part, inner) for part in value]
        return [_joined(parts, any_of=(name == "$or") is not scope.negated)] if parts else []

    def _inner(self, name: str, clause: object, scope: _Scope) -> Filter:
        if not isinstance(clause, Mapping):
            raise invalid_filter(f"'{name}' needs an array of filters, and has {type_name(clause)}: {shown(clause)}")
        return self.parse(clause, scope)

    def _field(self, name: str, value: object, scope: _Scope) -> list[Comparison]:
        path = _parse_path(name, value)
        self.id_in_or = self.id_in_or or (path == ID_PATH and scope.in_or)
        written = _operators(name, value)
        self.comparisons += len(written)
        if self.comparisons > allowed().filter_comparisons:
            raise too_many_comparisons()
        return [self._comparison(path, name, operator, operand, scope) for operator, operand in written]

    def _comparison(self, path: Path, name: str, operator: Operator, operand: object, scope: _Scope) -> Comparison:
        self._check_special(name, operator)
        check_choices(operator, operand, name)
        self.values += count_values(operand, MAX_VALUES)
        if self.values > MAX_VALUES:
            raise _too_large(f"{MAX_VALUES} values to compare with")
        self.characters += count_characters(operand)
        if self.characters > MAX_CHARACTERS:
            raise _too_large(f"{MAX_CHARACTERS} characters to compare with")
        parsed = parse_operand(operator, operand, name)
        if path == ID_PATH and operator in {Operator.EQ, Operator.IN}:
            self.ids += operator is Operator.EQ
            _check_ids(operand if operator is Operator.IN else [operand])
        if operator is Operator.MATCH:
            parsed = self.rules.analyzer().query(str(parsed))
        if scope.negated and operator is Operator.EXISTS:
            parsed = not parsed
        elif scope.negated:
            operator = _OPPOSITES[operator]
        self._check_indexed(path, name, operator)
        return Comparison(path, operator, parsed)

    def _check_special(self, name: str, operator: Operator) -> None:
        if name == LEXICAL:
            self.rules.analyzer()
            if operator is not Operator.MATCH:
                raise invalid_filter(f"only '$match' is supported on '$lexical', not '{operator}'")
        elif operator is Operator.MATCH:
            raise invalid_filter(f"'$match' is only supported on '$lexical', not on '{name}'")
        elif name in SPECIAL_FIELDS and operator not in {Operator.EXISTS, Operator.NE}:
            raise invalid_filter(f"only '$exists' is supported on '{name}', not '{operator}'")

    def _check_indexed(self, path: Path, name: str, operator: Operator) -> None:
        if self.rules.indexing.indexes(path) and not self._hidden(name):
            return
        if path != ID_PATH:
            raise data_api_error(
                "FILTER_PATH_UNINDEXED",
                f"The collection's 'indexing' option leaves out '{name}', so it cannot be used in a filter.\n\n"
                "Filter on indexed fields and resend the command.",
            )
        if operator not in {Operator.EQ, Operator.IN}:
            raise data_api_error(
                "FILTER_ID_NOT_INDEXED",
                f"The collection's 'indexing' option leaves out '_id', so only '$eq' and '$in' can be used on it, not "
                f"'{operator}'.\n\nUse one of these and resend the command.",
            )

    def _hidden(self, name: str) -> bool:
        """Return whether the collection denies its vectors an index: then nobody can ask which documents have one."""
        return name in {"$vector", "$vectorize"} and self.rules.indexing.denies((name,))


def _joined(parts: list[Any], *, any_of: bool) -> Filter:
    if len(parts) == 1:
        only: Filter = parts[0]
        return only
    return AnyOf(tuple(parts)) if any_of else All(tuple(parts))


def too_many_comparisons() -> DataApiError:
    """Return the error for a filter of a collection or a table that compares too much."""
    return data_api_error(
        "FILTER_FIELDS_LIMIT_VIOLATION",
        f"The filter has more than {allowed().filter_comparisons} comparisons.\n\n"
        f"Use fewer and resend the command, or allow more: {setting_of('filter_comparisons')}.",
    )


def _too_large(limit: str) -> DataApiError:
    return data_api_error(
        "FILTER_FIELDS_LIMIT_VIOLATION",
        f"The filter has more than {limit}.\n\nUse fewer and resend the command.",
    )


def _not_an_object(clause: object) -> DataApiError:
    return data_api_error(
        "FILTER_UNSUPPORTED_DATA_TYPE",
        f"A filter must be an object, not {type_name(clause)}: {shown(clause)}.\n\n"
        "Correct the filter and resend the command.",
    )


def _check_ids(values: object) -> None:
    """Refuse an object where an ``_id`` is asked for: no document has one."""
    for value in values if isinstance(values, list) else ():
        if isinstance(value, Mapping):
            check_id(value)


def _parse_path(name: str, value: object) -> Path:
    if name in SPECIAL_FIELDS:
        return (name,)
    if name.startswith("$"):
        if isinstance(value, list):
            raise invalid_filter(f"cannot filter on '{name}' by array type")
        raise invalid_filter(
            f"the path '{name}' cannot start with '$', and '{name}' is no logical operator with this value"
        )
    try:
        path = split_path(name, gaps=True)
    except PathSyntaxError as problem:
        raise invalid_filter(f"the path '{name}' is not valid: {problem}") from problem
    if any(part.startswith("$") for part in path):
        raise invalid_filter(f"the path '{name}' has a name that starts with '$'")
    return path


def _operators(path: str, value: object) -> list[tuple[Operator, object]]:
    """Return the operators written for a field with their operands; a bare value is ``$eq``."""
    if isinstance(value, list):
        raise invalid_filter(f"cannot filter on '{path}' by array type; write {{\"$eq\": …}} to compare whole arrays")
    if not isinstance(value, Mapping) or ejson_name(value) or not any(name.startswith("$") for name in value):
        return [(Operator.EQ, value)]
    if not all(map(_is_operator, value)):
        return [(Operator.IN, [])]  # equal to an object with a name that no document has
    return [(Operator(name), operand) for name, operand in value.items()]


def _is_operator(name: str) -> bool:
    """Return whether a name is a comparison operator; one that looks like an operator must be one.

    Raises:
        DataApiError: FILTER_UNSUPPORTED_OPERATOR.
    """
    if name.startswith("$") and name not in WRITTEN_OPERATORS:
        raise _unknown_operator(name)
    return name in WRITTEN_OPERATORS


def _unknown_operator(name: str) -> DataApiError:
    return data_api_error(
        "FILTER_UNSUPPORTED_OPERATOR",
        f"The filter operator {shown(name)} is not known. Known are: "
        f"{', '.join(sorted((*WRITTEN_OPERATORS, '$and', '$or', '$not')))}.\n\n"
        "Use one of these and resend the command.",
    )
