"""The update operators on regular fields: what each takes as its argument, and what it does to a document."""

from __future__ import annotations

import decimal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from astrolabe.dataapi.language.allowances import allowed
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.numbers import plain, spelling
from astrolabe.dataapi.language.paths import Path, PathSyntaxError, join_path, split_path
from astrolabe.dataapi.language.sorting import sort_key
from astrolabe.dataapi.language.update_paths import UpdateTarget, bad_name, bad_path, copied, find_place, make_place
from astrolabe.dataapi.language.values import ejson_name, limit_violation, nests_deeper, shown, type_name
from astrolabe.errors import DataApiError
from storage.filters.matching import MISSING, is_number, unwrapped

_ARITHMETIC = decimal.Context(
    prec=400,
    Emax=decimal.MAX_EMAX,
    Emin=decimal.MIN_EMIN,
    traps=[decimal.Inexact, decimal.InvalidOperation, decimal.Overflow],
)
"""Exact or not at all: a result with more digits than this is far longer than a document's number may be."""


class UpdateOperator(StrEnum):
    """The update operators, in the order in which they are applied, whatever their order in the command."""

    ADD_TO_SET = "$addToSet"
    CURRENT_DATE = "$currentDate"
    INC = "$inc"
    MAX = "$max"
    MIN = "$min"
    MUL = "$mul"
    POP = "$pop"
    PUSH = "$push"
    RENAME = "$rename"
    SET = "$set"
    SET_ON_INSERT = "$setOnInsert"
    UNSET = "$unset"


@dataclass(frozen=True, slots=True)
class OperatorCall:
    """One operator on one path, with its argument as parsed."""

    operator: UpdateOperator
    path: Path
    argument: Any

    def apply(self, document: dict[str, Any]) -> None:
        """Carry the action out on a document, in place.

        Raises:
            DataApiError: UNSUPPORTED_UPDATE_OPERATION_TARGET, UNSUPPORTED_UPDATE_OPERATION_PATH or
                SHRED_DOC_LIMIT_VIOLATION.
        """
        _APPLIERS[self.operator](document, self)

    @property
    def paths(self) -> tuple[Path, ...]:
        """All paths that the action writes."""
        return (self.path, self.argument) if self.operator is UpdateOperator.RENAME else (self.path,)


@dataclass(frozen=True, slots=True)
class Additions:
    """What ``$push`` and ``$addToSet`` add, and for ``$push`` where; None for the end."""

    values: tuple[Any, ...]
    position: int | None = None


def parse_action(operator: UpdateOperator, path: Path, argument: object) -> OperatorCall:
    """Check an operator's argument.

    Raises:
        DataApiError: UNSUPPORTED_UPDATE_OPERATION_PARAM, UNSUPPORTED_UPDATE_OPERATION_MODIFIER,
            UNSUPPORTED_UPDATE_OPERATION_PATH or SHRED_DOC_LIMIT_VIOLATION.
    """
    return OperatorCall(operator, path, _ARGUMENTS[operator](operator, path, argument))


def bad_argument(problem: str) -> DataApiError:
    """Return the error for an argument that an operator does not take; ``problem`` is a clause."""
    return data_api_error(
        "UNSUPPORTED_UPDATE_OPERATION_PARAM",
        f"The update is not valid: {problem}.\n\nCorrect it and resend the command.",
    )


def bad_modifier(problem: str) -> DataApiError:
    """Return the error for a modifier where an operator takes none, or not this one; ``problem`` is a clause."""
    return data_api_error(
        "UNSUPPORTED_UPDATE_OPERATION_MODIFIER",
        f"The update is not valid: {problem}.\n\nCorrect it and resend the command.",
    )


def _any_value(_operator: UpdateOperator, path: Path, argument: object) -> object:
    deepest = allowed().document_depth
    if nests_deeper(argument, deepest):
        raise limit_violation(f"the value for '{join_path(path)}' nests more than {deepest} deep", "document_depth")
    return argument


def _ignored(_operator: UpdateOperator, _path: Path, _argument: object) -> None:
    return None


def _number(operator: UpdateOperator, path: Path, argument: object) -> object:
    if not is_number(argument):
        raise bad_argument(f"'{operator}' on '{join_path(path)}' needs a number, not {shown(argument)}")
    return argument


def _end(operator: UpdateOperator, path: Path, argument: object) -> object:
    if not is_number(argument) or argument not in {1, -1}:
        raise bad_argument(f"'{operator}' on '{join_path(path)}' needs 1 (last) or -1 (first), not {shown(argument)}")
    return argument


def _now(operator: UpdateOperator, path: Path, argument: object) -> None:
    if argument is not True and argument != {"$type": "date"}:
        raise bad_argument(
            f"'{operator}' on '{join_path(path)}' needs true or {{\"$type\": \"date\"}}, not {shown(argument)}"
        )


def _new_name(operator: UpdateOperator, path: Path, argument: object) -> Path:
    if not isinstance(argument, str):
        raise bad_argument(f"'{operator}' of '{join_path(path)}' needs the new path as a string, not {shown(argument)}")
    try:
        target = split_path(argument)
    except PathSyntaxError as problem:
        raise bad_path(f"'{argument}': {problem}") from problem
    if target == path:
        raise bad_path(f"'{operator}' needs two paths that differ, not '{argument}' twice")
    if any(name.startswith("$") for name in target):
        raise bad_name(f"'{argument}' has a name that starts with '$'")
    return target


def _additions(operator: UpdateOperator, path: Path, argument: object) -> Additions:
    _any_value(operator, path, argument)
    if not isinstance(argument, Mapping) or ejson_name(argument) or not any(n.startswith("$") for n in argument):
        return Additions((argument,))
    known = {"$each", "$position"} if operator is UpdateOperator.PUSH else {"$each"}
    unknown = [name for name in argument if name not in known]
    if unknown:
        raise bad_modifier(
            f"'{operator}' on '{join_path(path)}' takes {', '.join(sorted(known))}, and has "
            f"{', '.join(map(shown, argument))}"
        )
    if "$each" not in argument:
        raise bad_argument(f"the modifiers of '{operator}' on '{join_path(path)}' need '$each' beside them")
    each, position = argument["$each"], argument.get("$position")
    if not isinstance(each, list):
        raise bad_argument(f"'$each' of '{operator}' on '{join_path(path)}' needs an array, not {shown(each)}")
    if "$position" in argument and (not isinstance(position, int) or isinstance(position, bool)):
        raise bad_argument(f"'$position' on '{join_path(path)}' needs a whole number, not {shown(position)}")
    return Additions(tuple(each), position)


_ARGUMENTS: Mapping[UpdateOperator, Callable[[UpdateOperator, Path, object], object]] = {
    UpdateOperator.ADD_TO_SET: _additions,
    UpdateOperator.CURRENT_DATE: _now,
    UpdateOperator.INC: _number,
    UpdateOperator.MAX: _any_value,
    UpdateOperator.MIN: _any_value,
    UpdateOperator.MUL: _number,
    UpdateOperator.POP: _end,
    UpdateOperator.PUSH: _additions,
    UpdateOperator.RENAME: _new_name,
    UpdateOperator.SET: _any_value,
    UpdateOperator.SET_ON_INSERT: _any_value,
    UpdateOperator.UNSET: _ignored,
}


def _bad_target(action: OperatorCall, needed: str, found: object) -> DataApiError:
    return data_api_error(
        "UNSUPPORTED_UPDATE_OPERATION_TARGET",
        f"'{action.operator}' needs {needed} at '{join_path(action.path)}', and the document has {type_name(found)} "
        f"there: {shown(found)}.\n\nCorrect the update or the document and resend the command.",
    )


def _array_at(place: UpdateTarget, action: OperatorCall) -> list[Any]:
    """Return the array at a place, made if it is missing."""
    found = place.get()
    if found is MISSING:
        place.put([])
        found = place.get()
    if not isinstance(found, list):
        raise _bad_target(action, "an array", found)
    return found


def _add_to_set(document: dict[str, Any], action: OperatorCall) -> None:
    array = _array_at(make_place(document, action.path), action)
    known = set(map(spelling, array))
    for value in action.argument.values:
        key = spelling(value)
        if key not in known:
            known.add(key)
            array.append(copied(value))


def _push(document: dict[str, Any], action: OperatorCall) -> None:
    array = _array_at(make_place(document, action.path), action)
    position = len(array) if action.argument.position is None else action.argument.position
    array[position:position] = [copied(value) for value in action.argument.values]


def _pop(document: dict[str, Any], action: OperatorCall) -> None:
    place = find_place(document, action.path)
    if place is None or place.get() is MISSING:
        return
    array = _array_at(place, action)
    if array:
        array.pop(-1 if action.argument == 1 else 0)


def _set_now(document: dict[str, Any], action: OperatorCall) -> None:
    make_place(document, action.path).put({"$date": time.time_ns() // 1_000_000})


def _inc(document: dict[str, Any], action: OperatorCall) -> None:
    _calculate(document, action, missing=action.argument, operation=_ARITHMETIC.add)


def _mul(document: dict[str, Any], action: OperatorCall) -> None:
    _calculate(document, action, missing=0, operation=_ARITHMETIC.multiply)


def _calculate(
    document: dict[str, Any], action: OperatorCall, *, missing: object, operation: Callable[[Decimal, Decimal], Decimal]
) -> None:
    place = make_place(document, action.path)
    found = unwrapped(place.get())
    if found is MISSING:
        place.put(missing)
        return
    if not isinstance(found, int | Decimal) or not is_number(found):
        raise _bad_target(action, "a number", found)
    try:
        result = operation(Decimal(found), Decimal(action.argument))
    except (decimal.Inexact, decimal.Overflow, decimal.InvalidOperation) as problem:
        raise limit_violation(
            f"the result of '{action.operator}' at '{join_path(action.path)}' is too long"
        ) from problem
    place.put(plain(result))


def _min(document: dict[str, Any], action: OperatorCall) -> None:
    _choose(document, action, lambda new, old: new < old)


def _max(document: dict[str, Any], action: OperatorCall) -> None:
    _choose(document, action, lambda new, old: new > old)


def _choose(
    document: dict[str, Any], action: OperatorCall, better: Callable[[tuple[Any, ...], tuple[Any, ...]], bool]
) -> None:
    place = make_place(document, action.path)
    found = place.get()
    if found is MISSING or better(sort_key(action.argument), sort_key(found)):
        place.put(copied(action.argument))


def _rename(document: dict[str, Any], action: OperatorCall) -> None:
    source = find_place(document, action.path)
    if source is None or source.get() is MISSING:
        return
    if isinstance(source.name, int):
        raise bad_path(f"'{join_path(action.path)}' is an element of an array, which '$rename' cannot move")
    target = make_place(document, action.argument)
    if isinstance(target.name, int):
        raise bad_path(f"'{join_path(action.argument)}' is an element of an array, which '$rename' cannot replace")
    value = source.get()
    source.remove()
    target.put(value)


def _set(document: dict[str, Any], action: OperatorCall) -> None:
    make_place(document, action.path).put(copied(action.argument))


def _unset(document: dict[str, Any], action: OperatorCall) -> None:
    place = find_place(document, action.path)
    if place is not None:
        place.remove()


_APPLIERS: Mapping[UpdateOperator, Callable[[dict[str, Any], OperatorCall], None]] = {
    UpdateOperator.ADD_TO_SET: _add_to_set,
    UpdateOperator.CURRENT_DATE: _set_now,
    UpdateOperator.INC: _inc,
    UpdateOperator.MAX: _max,
    UpdateOperator.MIN: _min,
    UpdateOperator.MUL: _mul,
    UpdateOperator.POP: _pop,
    UpdateOperator.PUSH: _push,
    UpdateOperator.RENAME: _rename,
    UpdateOperator.SET: _set,
    UpdateOperator.SET_ON_INSERT: _set,
    UpdateOperator.UNSET: _unset,
}
