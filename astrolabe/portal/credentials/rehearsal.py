"""What a change of credentials would stop and bring back: pure functions over scopes and what depends on them.

A collection or column vectorizes while a credential of exactly its name exists at its provider and has its database in
scope. Everything here follows from that one sentence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from astrolabe.portal.organization import Credential, Dependent, RemovedCredential, Unread

Scopes = Mapping[tuple[str, str], frozenset[str]]
"""The ids of the databases in the scope of each credential, by provider key and name."""

_MOST_NAMED = 5
"""Databases named in a sentence."""


class Stopped(StrEnum):
    """Why a collection or column cannot generate embeddings."""

    MISSING = "missing"
    OUT_OF_SCOPE = "out of scope"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a change would do to the collections and columns that use stored credentials.

    Attributes:
        stops: They work now, and would not afterwards.
        comes_back: They do not work now, and would afterwards.
        goes_on: They work now and afterwards, with a credential that the change is about.
        still_stopped: They use a credential that the change is about, and work neither now nor afterwards.
        unknown: Databases that could not be read: whatever is in them may be concerned, too.
    """

    stops: tuple[Dependent, ...] = ()
    comes_back: tuple[Dependent, ...] = ()
    goes_on: tuple[Dependent, ...] = ()
    still_stopped: tuple[Dependent, ...] = ()
    unknown: tuple[Unread, ...] = ()

    def within(self, database_ids: Collection[str]) -> Rehearsal:
        """Return the same for a change that concerns these databases only: what is in others is not in question."""
        return replace(self, unknown=tuple(one for one in self.unknown if one.database.id in database_ids))


def unread_words(unread: Sequence[Unread]) -> str:
    """Return what is not known, to be said before anything else; empty when everything could be read."""
    if not unread:
        return ""
    names = ", ".join(one.database.name for one in unread[:_MOST_NAMED])
    more = f" and {len(unread) - _MOST_NAMED} more" if len(unread) > _MOST_NAMED else ""
    what = "The database" if len(unread) == 1 else f"{len(unread)} databases"
    listed = f" {names}" if len(unread) == 1 else f" ({names}{more})"
    return f"Unknown: {what}{listed} could not be read, and may have collections that use it. {unread[0].reason}"


def scopes_of(credentials: Iterable[Credential]) -> dict[tuple[str, str], frozenset[str]]:
    """Return the scopes as they are."""
    return {
        (credential.provider, credential.name): frozenset(database.id for database in credential.databases)
        for credential in credentials
    }


def without(scopes: Scopes, *gone: tuple[str, str]) -> dict[tuple[str, str], frozenset[str]]:
    """Return the scopes after credentials were removed."""
    return {key: ids for key, ids in scopes.items() if key not in gone}


def with_scope(
    scopes: Scopes, credential: tuple[str, str], database_ids: Iterable[str]
) -> dict[tuple[str, str], frozenset[str]]:
    """Return the scopes after a credential was added, or its scope became exactly these databases."""
    return dict(scopes) | {credential: frozenset(database_ids)}


def stopped(dependent: Dependent, scopes: Scopes) -> Stopped | None:
    """Return why a collection or column cannot generate embeddings, or None when it can."""
    scope = scopes.get(dependent.credential)
    if scope is None:
        return Stopped.MISSING
    return None if dependent.database.id in scope else Stopped.OUT_OF_SCOPE


def rehearse(
    before: Scopes,
    after: Scopes,
    dependents: Iterable[Dependent],
    *,
    about: Collection[tuple[str, str]] = (),
    unread: Sequence[Unread] = (),
) -> Rehearsal:
    """Return what the step from one state of the scopes to another does.

    Args:
        before: The scopes as they are.
        after: The scopes as they would be.
        dependents: What uses credentials.
        about: Credentials that the answer is about even where nothing changes for them.
        unread: The databases whose dependents are not known.
    """
    concerned = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)} | set(about)
    groups: dict[tuple[bool, bool], list[Dependent]] = {}
    for dependent in dependents:
        if dependent.credential in concerned:
            works = stopped(dependent, before) is None, stopped(dependent, after) is None
            groups.setdefault(works, []).append(dependent)
    return Rehearsal(
        stops=tuple(groups.get((True, False), ())),
        comes_back=tuple(groups.get((False, True), ())),
        goes_on=tuple(groups.get((True, True), ())),
        still_stopped=tuple(groups.get((False, False), ())),
        unknown=tuple(unread),
    )


def reason(dependent: Dependent, why: Stopped, noun: str) -> str:
    """Return a sentence on why a collection or column is disabled, and what brings it back."""
    name = dependent.service.credential_name
    if why is Stopped.MISSING:
        return (
            f"There is no {noun} '{name}'. Adding one of exactly this name, with {dependent.database.name} in its "
            "scope, brings it back."
        )
    return f"{dependent.database.name} is not in the scope of the {noun} '{name}'. Adding it there brings it back."


def mismatches(
    name: str,
    database_ids: Sequence[str],
    removed: Sequence[RemovedCredential],
    waiting: Sequence[Dependent],
    unread: Sequence[Unread] = (),
) -> list[str]:
    """Return how a new credential misses what a removed one left behind, a sentence each.

    Args:
        name: The new credential's name.
        database_ids: Its scope.
        removed: The provider's removed credentials.
        waiting: The provider's collections and columns whose credential is missing.
        unread: The databases that could not be read: something in them may wait, too.
    """
    found = []
    known = {one.name for one in removed}
    names = {dependent.service.credential_name for dependent in waiting}
    abandoned = sorted(str(one) for one in names | known if one in names and one != name)
    if name not in names and name not in known and abandoned:
        none = "No collection that could be read" if unread else "No collection"
        found.append(
            f"{none} waits for the name '{name}'. Collections wait for: {', '.join(abandoned)}. "
            "They cannot detect a replacement of another name."
        )
    former = next((one for one in removed if one.name == name), None)
    needed = {
        dependent.database.id: dependent.database.name for dependent in waiting if dependent.credential[1] == name
    }
    scope = {database.id: database.name for database in former.databases} if former else {}
    missing = sorted(
        set((scope | needed).values()) - {(scope | needed).get(number) for number in database_ids} - {None}
    )
    if missing:
        stay = sorted(
            dependent.label
            for dependent in waiting
            if dependent.credential[1] == name and dependent.database.id not in database_ids
        )
        words = f" These stay disabled: {', '.join(stay)}." if stay else ""
        found.append(f"The former scope of '{name}' also had: {', '.join(missing)}.{words}")
    return found
