"""Updates: from the JSON of an ``update`` clause to a new document, with what happens to its vector.

The vector lives beside the stored body. An update says in its result whether the stored vector stays, whether a text
has to be embedded, or carries a new ``$vector`` in the document; :func:`prepare_document` takes it from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.paths import Path, PathSyntaxError, join_path, overlapping, split_path
from astrolabe.dataapi.language.rules import DocumentRules
from astrolabe.dataapi.language.special_fields import LEXICAL, SPECIAL_FIELDS, VECTOR, VECTORIZE
from astrolabe.dataapi.language.update_operators import (
    OperatorCall,
    UpdateOperator,
    bad_argument,
    bad_modifier,
    parse_action,
)
from astrolabe.dataapi.language.update_paths import Padding, bad_name, bad_path, copied, make_place
from astrolabe.dataapi.language.values import shown, type_name
from astrolabe.dataapi.language.vectorize import invalid_usage
from astrolabe.dataapi.language.vectors import parse_vector_of
from astrolabe.errors import DataApiError
from storage.filters.matching import MISSING, same
from storage.filters.tree import All, Comparison, Filter, Instant, Operator

MAX_PATHS = 2000
"""Paths of an update: as many as a document may have indexed fields."""

_FOR_SPECIALS = frozenset({UpdateOperator.SET, UpdateOperator.SET_ON_INSERT, UpdateOperator.UNSET})
_WITHOUT_MODIFIERS = frozenset({UpdateOperator.INC, UpdateOperator.MUL})
_VECTOR_FIELDS = frozenset({(VECTOR,), (VECTORIZE,)})


@dataclass(frozen=True, slots=True)
class UpdatedDocument:
    """A document after an update.

    Attributes:
        document: The new document; the one given is untouched. Under ``$vector`` stands the new value in its JSON form
            when one was set, else the null that holds the stored vector's place.
        keeps_vector: Whether the stored vector, if any, is still the document's.
        embed: The text whose vector (*store* mode) the caller has to put under ``$vector``; None for none.
    """

    document: dict[str, Any]
    keeps_vector: bool = True
    embed: str | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """An update clause that was understood: its actions in the order of application."""

    actions: tuple[OperatorCall, ...] = ()

    @property
    def always_modifies(self) -> bool:
        """Whether every document it is applied to counts as modified, even one that stays as it was."""
        return any(action.operator is UpdateOperator.PUSH for action in self.actions)

    def apply(self, document: Mapping[str, Any], *, upsert: bool = False) -> UpdatedDocument:
        """Apply the update to a document.

        Args:
            document: The stored body, its vector's place held by null.
            upsert: Whether the document is about to be inserted, so that ``$setOnInsert`` counts.

        Raises:
            DataApiError: UNSUPPORTED_UPDATE_OPERATION_TARGET, UNSUPPORTED_UPDATE_OPERATION_PATH or
                SHRED_DOC_LIMIT_VIOLATION. The result may still break rules for documents; prepare it to know.
        """
        result = UpdatedDocument(copied(document))
        padding = Padding()
        for action in self.actions:
            if action.operator is UpdateOperator.SET_ON_INSERT and not upsert:
                continue
            for path in action.paths:
                padding.allow(result.document, path)
            if action.path in _VECTOR_FIELDS:
                result = _apply_to_vector(result, action)
            else:
                action.apply(result.document)
        return result


def _apply_to_vector(result: UpdatedDocument, action: OperatorCall) -> UpdatedDocument:
    """Carry out an action on ``$vector`` or ``$vectorize``; the two always change together."""
    document = result.document
    if action.operator is UpdateOperator.UNSET:
        document.pop(VECTOR, None)
        document.pop(VECTORIZE, None)
        return UpdatedDocument(document, keeps_vector=False)
    if action.path == (VECTOR,):
        document.pop(VECTORIZE, None)
        document[VECTOR] = action.argument
        return UpdatedDocument(document, keeps_vector=False)
    text: str | None = action.argument
    if same(document.get(VECTORIZE, MISSING), text):
        return result
    document[VECTORIZE] = text
    document[VECTOR] = None
    return UpdatedDocument(document, keeps_vector=False, embed=text if text and text.strip() else None)


def seed_for_upsert(where: Filter) -> dict[str, Any]:
    """Return the document that an upsert starts from: the fields that the filter says must be equal to something.

    Raises:
        DataApiError: UNSUPPORTED_UPDATE_OPERATION_PATH when two of them cannot stand in one document.
    """
    seed: dict[str, Any] = {}
    padding = Padding()
    todo: list[Filter] = [where]
    while todo:
        part = todo.pop(0)
        if isinstance(part, All):
            todo[:0] = part.parts
        elif isinstance(part, Comparison) and part.operator is Operator.EQ:
            operand = part.operand
            value = {"$date": operand.milliseconds} if isinstance(operand, Instant) else copied(operand)
            padding.allow(seed, part.path)
            make_place(seed, part.path).put(value)
    return seed


def parse_update(clause: object, rules: DocumentRules) -> Update:
    """Read an update clause.

    Args:
        clause: The JSON of the clause, its numbers exact.
        rules: The collection's.

    Raises:
        DataApiError: One of the UPDATE codes; INVALID_USAGE_OF_VECTORIZE, INVALID_VECTORIZE_VALUE_TYPE,
            EMBEDDING_SERVICE_NOT_CONFIGURED, VECTOR_SEARCH_NOT_SUPPORTED, LEXICAL_NOT_ENABLED_FOR_COLLECTION; the codes
            of ``$vector`` values; SHRED_DOC_LIMIT_VIOLATION.
    """
    if not isinstance(clause, Mapping):
        raise _bad_type("An update", clause)
    actions: list[OperatorCall] = []
    for name, arguments in clause.items():
        operator = _operator(name)
        if not isinstance(arguments, Mapping):
            raise _bad_type(f"The argument of '{operator}'", arguments)
        if len(actions) + len(arguments) > MAX_PATHS:
            raise bad_argument(f"it has more than {MAX_PATHS} paths")
        actions.extend(_action(operator, path, argument, rules) for path, argument in arguments.items())
    _check_conflicts(actions)
    order = list(UpdateOperator)
    return Update(tuple(sorted(actions, key=lambda action: order.index(action.operator))))


def _operator(name: str) -> UpdateOperator:
    try:
        return UpdateOperator(name)
    except ValueError as problem:
        raise data_api_error(
            "UNSUPPORTED_UPDATE_OPERATION",
            f"The update operator {shown(name)} is not known. Known are: {', '.join(UpdateOperator)}.\n\n"
            "Use one of these and resend the command.",
        ) from problem


def _bad_type(what: str, found: object) -> DataApiError:
    return data_api_error(
        "UNSUPPORTED_UPDATE_DATA_TYPE",
        f"{what} must be an object, not {type_name(found)}: {shown(found)}.\n\nCorrect it and resend the command.",
    )


def _action(operator: UpdateOperator, name: str, argument: object, rules: DocumentRules) -> OperatorCall:
    path = _parse_path(operator, name)
    if path[0] in SPECIAL_FIELDS and operator is not UpdateOperator.UNSET:
        _SPECIAL_CHECKS[name](argument, rules)
    action = parse_action(operator, path, argument)
    if operator is UpdateOperator.RENAME and action.argument[0] == "_id":
        raise _not_for_id(operator)
    return action


def _parse_path(operator: UpdateOperator, name: str) -> Path:
    try:
        path = split_path(name)
    except PathSyntaxError as problem:
        raise bad_path(f"'{name}' in '{operator}': {problem}") from problem
    if path[0] == "_id" and (operator is not UpdateOperator.SET_ON_INSERT or len(path) > 1):
        raise _not_for_id(operator)
    if operator in _WITHOUT_MODIFIERS and name.startswith("$"):
        raise bad_modifier(f"'{operator}' does not support modifiers, and '{name}' looks like one")
    if path[0] in SPECIAL_FIELDS and operator not in _FOR_SPECIALS:
        raise data_api_error(
            f"UNSUPPORTED_UPDATE_OPERATOR_FOR_{path[0][1:].upper()}",
            f"'{operator}' cannot be used on '{path[0]}'; '$set', '$setOnInsert' and '$unset' can.\n\n"
            "Use one of these and resend the command.",
        )
    if any(part.startswith("$") for part in path) and name not in SPECIAL_FIELDS:
        raise bad_name(f"'{name}' in '{operator}' has a name that starts with '$'")
    return path


def _not_for_id(operator: UpdateOperator) -> DataApiError:
    return data_api_error(
        "UNSUPPORTED_UPDATE_OPERATOR_FOR_DOC_ID",
        f"'{operator}' cannot be used on '_id', which never changes; '$setOnInsert' may give it to a new document.\n\n"
        "Resend the command without '_id'.",
    )


def _check_vector(value: object, rules: DocumentRules) -> None:
    parse_vector_of(rules.vector(), value)


def _check_vectorize(value: object, rules: DocumentRules) -> None:
    if value is not None and not isinstance(value, str):
        raise data_api_error(
            "INVALID_VECTORIZE_VALUE_TYPE",
            f"The value of '$vectorize' needs to be String, not {type_name(value)}.\n\n"
            "Give a text or null and resend the command.",
        )
    if not rules.vectorizes and value is not None and value.strip():
        raise rules.no_embedding_service()
    rules.vector()


def _check_lexical(value: object, rules: DocumentRules) -> None:
    if value is not None:
        rules.analyzer()


_SPECIAL_CHECKS = {VECTOR: _check_vector, VECTORIZE: _check_vectorize, LEXICAL: _check_lexical}


def _check_conflicts(actions: list[OperatorCall]) -> None:
    paths = [path for action in actions for path in action.paths]
    conflict = overlapping(paths)
    if conflict:
        outer, inner = map(join_path, conflict)
        raise bad_argument(f"it names '{outer}' and '{inner}', which change the same place")
    if set(paths) >= _VECTOR_FIELDS:
        raise invalid_usage("the update names both")
