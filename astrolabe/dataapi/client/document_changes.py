"""What has to be sent so that a document becomes another: the update, and the filter that lets nobody else's change go.

Pure functions over documents as the API answers them, numbers with every digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from astrolabe.dataapi.client.command_builders import CollectionTarget, PlannedCommand, plan_update_one
from astrolabe.dataapi.client.items import key_fields, key_of, noun
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.language.indexing import parse_indexing
from astrolabe.dataapi.language.paths import escape_name, split_path
from astrolabe.dataapi.language.special_fields import VECTOR, VECTORIZE
from astrolabe.dataapi.protocol import Json, JsonValue
from astrolabe.errors import RuleError
from storage import jsontext

LONGEST_GUARD = 1000
"""Characters of an old value that the filter asks for; longer texts cannot be filtered by everywhere."""


@dataclass(frozen=True, slots=True)
class Step:
    """One field that changes.

    Attributes:
        path: Where it is, as the update names it.
        before: What is there; None with ``was`` False when there is nothing.
        after: What comes there; None with ``stays`` False when it goes.
        was: Whether there is anything now.
        stays: Whether there is anything afterwards.
    """

    path: str
    before: JsonValue = None
    after: JsonValue = None
    was: bool = True
    stays: bool = True


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """A change of one document or row.

    Attributes:
        info: Where it is.
        before: The whole of it as it was read.
        after: The whole of it as it is wanted.
        steps: The fields that change.
    """

    info: TargetInfo
    before: Json
    after: Json
    steps: tuple[Step, ...] = field(default=())

    @property
    def update(self) -> Json:
        """The update's operators."""
        set_ = {step.path: step.after for step in self.steps if step.stays}
        unset = {step.path: "" for step in self.steps if not step.stays}
        return {name: paths for name, paths in (("$set", set_), ("$unset", unset)) if paths}

    @property
    def vectorized_again(self) -> bool:
        """Whether the text changes that a vector is made from."""
        made_from = {VECTORIZE, *(name for name, one in self.info.vectors.items() if one.service and name != VECTOR)}
        return any(step.path in made_from and isinstance(step.after, str) for step in self.steps)

    def planned(self) -> PlannedCommand:
        """Return the command: it changes what changes, and only where the old values still stand."""
        target = CollectionTarget(self.info.keyspace, self.info.name)
        return plan_update_one(target, self._filter(), self.update)

    def _filter(self) -> Json:
        where: Json = key_of(self.info, self.before)
        if self.info.is_table:
            return where  # a row is changed by its whole key alone
        indexing = parse_indexing(self.info.options.get("indexing"), most=None)
        for step in self.steps:
            if step.path.startswith("$") or not indexing.indexes(split_path(step.path)):
                continue  # no filter can ask for it
            if not step.was:
                where[step.path] = {"$exists": False}
            elif len(jsontext.dumps(step.before)) <= LONGEST_GUARD:
                where[step.path] = {"$eq": step.before}
        return where


def same(one: JsonValue, other: JsonValue) -> bool:
    """Tell whether two values are the same to the last digit; the order of fields does not count."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    return jsontext.dumps(one) == jsontext.dumps(other)


def change_between(info: TargetInfo, before: Json, after: Json) -> DocumentChange:
    """Return the change that makes ``after`` of ``before``.

    Raises:
        RuleError: It would change the key, or both a vector and the text that it is made from.
    """
    for name in key_fields(info):
        if not same(before.get(name), after.get(name)) or (name in before) != (name in after):
            raise RuleError(
                f"{name} is the key of the {noun(info)} and cannot be changed.", hint="Duplicate it under another one."
            )
    return DocumentChange(info, before, after, tuple(_without_made_vectors(steps_between(info, before, after))))


def steps_between(info: TargetInfo, before: Json, after: Json) -> list[Step]:
    """Return every field that differs, whether or not it can be changed like that."""
    return _steps(before, after, "", nested=not info.is_table)


def _without_made_vectors(steps: list[Step]) -> list[Step]:
    """Leave out a vector that goes with its text, or is made anew from it; refuse two of them.

    Raises:
        RuleError: A text and a vector are both given.
    """
    paths = {step.path: step for step in steps}
    text, vector = paths.get(VECTORIZE), paths.get(VECTOR)
    if text is None or vector is None:
        return steps
    if vector.stays and text.stays and isinstance(text.after, str):
        raise RuleError("A document has a text that is embedded or a vector of its own: change one of the two.")
    left_out = VECTORIZE if vector.stays else VECTOR
    return [step for step in steps if step.path != left_out]


def _steps(before: Mapping[str, Any], after: Mapping[str, Any], prefix: str, *, nested: bool) -> list[Step]:
    steps: list[Step] = []
    for name in (*before, *(name for name in after if name not in before)):
        path = prefix + (name if name.startswith("$") or not nested else escape_name(name))
        if name not in after:
            steps.append(Step(path, before[name], stays=False))
        elif name not in before:
            steps.append(Step(path, after=after[name], was=False))
        elif same(before[name], after[name]):
            continue
        elif nested and _is_plain(before[name]) and _is_plain(after[name]):
            steps += _steps(before[name], after[name], f"{path}.", nested=True)
        else:
            steps.append(Step(path, before[name], after[name]))
    return steps


def _is_plain(value: JsonValue) -> bool:
    """Tell whether a value is an object of fields, and no extended value such as a date."""
    return isinstance(value, Mapping) and bool(value) and not any(name.startswith("$") or not name for name in value)


def insertable(document: Mapping[str, Any]) -> Json:
    """Return a document as it can be inserted: of a text and the vector made from it, the text."""
    left_out = VECTOR if isinstance(document.get(VECTORIZE), str) else VECTORIZE
    return {name: value for name, value in document.items() if name != left_out}


def editable(document: Json) -> Json:
    """Return what of a document is edited: without a vector that is made from its text."""
    made = isinstance(document.get(VECTORIZE), str)
    return {name: value for name, value in document.items() if not (made and name == VECTOR)}


def with_vector(before: Json, document: Json) -> Json:
    """Return an edited document with the vector that :func:`editable` left out, as long as its text is the same."""
    hidden = VECTOR in before and VECTOR not in editable(before)
    same_text = document.get(VECTORIZE) == before.get(VECTORIZE)
    return {**document, VECTOR: before[VECTOR]} if hidden and VECTOR not in document and same_text else document
