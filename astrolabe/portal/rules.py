"""The portal's rules for names, secrets and scopes: pure functions, one sentence for each rule that is broken.

Every ``…_problems`` function returns all problems at once, and an empty list when there is nothing to say; none raises.
Screens show the sentences under their field; the services refuse with the same ones.
"""

from __future__ import annotations

import json
import re
import shlex
import unicodedata
from collections.abc import Collection, Iterable
from pathlib import PurePath

from pydantic import SecretStr

from astrolabe.errors import Problem, RuleError
from astrolabe.portal.organization import MOST_DATABASES_AT_ONCE
from storage.secrets.references import ReferenceKind, SecretReference

SHORTEST_NAME = 2
"""Characters that the name of a credential or a database has at least."""

LONGEST_NAME = 50
"""Characters that the name of a credential, a database or a collection has at most."""

LONGEST_SCHEMA_NAME = 48
"""Characters that Astra DB allows in the name of a keyspace or a collection."""

LONGEST_SECRET = 8_192
"""Characters of a secret; servers refuse longer headers."""

_SHOWN_LAST = 4
_SHORTEST_SHOWN = 12
_MOST_LISTED = 5
_LETTERS_AND_DIGITS = re.compile(r"[A-Za-z0-9]")
_CREDENTIAL_CHARACTER = re.compile(r"[A-Za-z0-9_-]")
_WORD_CHARACTER = re.compile(r"[A-Za-z0-9_]")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE_NOUNS = {
    ReferenceKind.ENVIRONMENT: "name of the environment variable",
    ReferenceKind.FILE: "path of the file",
    ReferenceKind.COMMAND: "command",
}


def credential_name_problems(name: str, *, taken: Collection[str] = (), noun: str = "credential") -> list[str]:
    """Return what is wrong with a credential's name.

    Args:
        name: As typed; nothing is trimmed, because the name is looked up exactly.
        taken: The names that the integration already has.
        noun: What the provider's secret is called.
    """
    if not name:
        return [f"Enter a name for the {noun}."]
    found = _length_problems(name, SHORTEST_NAME, LONGEST_NAME)
    strange = [char for char in name if not _CREDENTIAL_CHARACTER.fullmatch(char)]
    if strange:
        found.append(f"Only letters (A–Z, a–z), digits, _ and - are allowed, not {listed_characters(strange)}.")
    if not _LETTERS_AND_DIGITS.fullmatch(name[0]):
        found.append("The first character must be a letter or a digit.")
    if not _LETTERS_AND_DIGITS.fullmatch(name[-1]):
        found.append("The last character must be a letter or a digit.")
    if name in taken:
        found.append(credential_name_taken(name, noun=noun))
    return found


def credential_name_taken(name: str, *, noun: str = "credential") -> str:
    """Return the sentence for a name that the integration already has."""
    return f"This integration already has {with_article(noun)} called '{name}'."


def clean_database_name(name: str) -> str:
    """Return the name as it is kept: without white space around it, accents composed, so that equal looks are equal."""
    return unicodedata.normalize("NFC", name.strip())


def database_name_problems(name: str, *, taken: Collection[str] = ()) -> list[str]:
    """Return what is wrong with a database's name.

    Args:
        name: As typed; white space around it does not count.
        taken: The names of the other databases.
    """
    kept = clean_database_name(name)
    if not kept:
        return ["Enter a name for the database."]
    found = _length_problems(kept, SHORTEST_NAME, LONGEST_NAME)
    strange = [char for char in kept if not char.isprintable()]
    if strange:
        found.append(f"Only characters that can be seen are allowed, not {listed_characters(strange)}.")
    if kept in taken:
        found.append(database_name_taken(kept))
    return found


def database_name_taken(name: str) -> str:
    """Return the sentence for a name that another database has."""
    return f"There is already a database called '{name}'."


def keyspace_name_problems(name: str) -> list[str]:
    """Return what is wrong with a keyspace's name: 1 to 48 letters, digits and underscores."""
    return _schema_name_problems(name, "keyspace", LONGEST_SCHEMA_NAME)


def collection_name_problems(name: str) -> list[str]:
    """Return what is wrong with a collection's name: 1 to 50 letters, digits and underscores.

    Lengths of 49 and 50 have a warning, see :func:`collection_name_warnings`.
    """
    return _schema_name_problems(name, "collection", LONGEST_NAME)


def collection_name_warnings(name: str) -> list[str]:
    """Return what is allowed here but not on Astra DB."""
    if LONGEST_SCHEMA_NAME < len(name) <= LONGEST_NAME:
        return [f"Astra DB allows at most {LONGEST_SCHEMA_NAME} characters here; this name has {len(name)}."]
    return []


def secret_problems(secret: str, *, noun: str = "secret") -> list[str]:
    """Return what is wrong with a typed or pasted secret; no message shows a part of it.

    White space around it does not count (see :func:`secret_warnings`). What an HTTP header cannot carry is refused.
    """
    kept = secret.strip()
    if not secret:
        return [f"Enter the {noun}."]
    if not kept:
        return [f"The {noun} consists of white space only."]
    found = []
    if any(char in "\r\n" for char in kept):
        found.append(f"The {noun} has a line break in the middle. Copy it again in one piece.")
    if any(not " " <= char <= "~" for char in kept if char not in "\r\n"):
        found.append(f"The {noun} has characters that no key has: only ASCII letters, digits and signs can be sent.")
    if len(kept) > LONGEST_SECRET:
        found.append(f"The {noun} has {len(kept)} characters; at most {LONGEST_SECRET} can be sent.")
    return found


def secret_warnings(secret: str, *, noun: str = "secret") -> list[str]:
    """Return what was changed in a secret before it is kept."""
    kept = secret.strip()
    if not kept or kept == secret:
        return []
    around = secret[: len(secret) - len(secret.lstrip())] + secret[len(secret.rstrip()) :]
    what = "A line break" if any(char in "\r\n" for char in around) else "White space"
    return [f"{what} around the {noun} was removed."]


def clean_secret(secret: SecretStr) -> SecretStr:
    """Return the secret as it is kept: without white space around it."""
    return SecretStr(secret.get_secret_value().strip())


def in_one_line(secret: SecretStr) -> SecretStr:
    """Return a secret that is a JSON object, such as a service account's key, without its line breaks; others as is."""
    text = secret.get_secret_value()
    if not text.lstrip().startswith("{"):
        return secret
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return secret
    return SecretStr(json.dumps(found, separators=(",", ":")))


def mask(secret: SecretStr) -> str:
    """Return what may be shown of a secret: its last four characters behind dots; only dots for a short one.

    The number of dots says nothing about the length.
    """
    text = secret.get_secret_value()
    return "••••••••" + (text[-_SHOWN_LAST:] if len(text) >= _SHORTEST_SHOWN else "")


def reference_problems(reference: SecretReference) -> list[str]:
    """Return what is wrong with the place that a secret is to be read from; the place itself is not visited."""
    target = reference.target
    if not target.strip():
        return [f"Enter the {_REFERENCE_NOUNS[reference.kind]} to read the secret from."]
    if not target.isprintable():
        return ["Only characters that can be seen are allowed."]
    match reference.kind:
        case ReferenceKind.ENVIRONMENT:
            if not _VARIABLE.fullmatch(target):
                return ["The name of an environment variable has letters, digits and _, and no digit in front."]
        case ReferenceKind.FILE:
            if not (PurePath(target).is_absolute() or target.startswith("~/")):
                return ["Give the whole path of the file, from / or ~/, so that it is found from any folder."]
        case ReferenceKind.COMMAND:
            try:
                shlex.split(target)
            except ValueError:
                return ["The command has a quotation mark or a backslash without its partner."]
    return []


def scope_problems(count: int, *, at_least_one: bool = False) -> list[str]:
    """Return what is wrong with adding ``count`` databases to a scope in one step."""
    if count > MOST_DATABASES_AT_ONCE:
        most = f"At most {MOST_DATABASES_AT_ONCE} databases can be added at once"
        return [f"{most}; {count} are chosen. Add the rest afterwards."]
    if at_least_one and count < 1:
        return ["Choose at least one database."]
    return []


def with_article(noun: str) -> str:
    """Return ``an API key``, ``a user access token``: "user" begins with the sound of "you"."""
    return f"an {noun}" if noun[:1] in "AEIOaeio" else f"a {noun}"


class Findings:
    """Collects the problems of a whole request, and raises them together.

    The error is a :class:`~astrolabe.errors.ConflictError` or :class:`~astrolabe.errors.NotFoundError` when everything
    found is of that kind, and a plain :class:`~astrolabe.errors.RuleError` otherwise.
    """

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._kinds: set[type[RuleError]] = set()

    def add(self, field: str, messages: Iterable[str], kind: type[RuleError] = RuleError) -> None:
        """Note the problems of one field; no message, no problem."""
        for message in messages:
            self._problems.append(Problem(message, field))
            self._kinds.add(kind)

    def raise_any(self, *, hint: str = "") -> None:
        """Raise everything that was noted as one error; do nothing when there is nothing.

        Raises:
            RuleError: With the field of the first problem and all of them in ``problems``.
        """
        if not self._problems:
            return
        kind = next(iter(self._kinds)) if len(self._kinds) == 1 else RuleError
        message = " ".join(problem.message for problem in self._problems)
        raise kind(message, field=self._problems[0].field, hint=hint, problems=self._problems)


def _length_problems(name: str, shortest: int, longest: int) -> list[str]:
    if len(name) < shortest:
        return [f"The name must have at least {shortest} characters."]
    if len(name) > longest:
        return [f"The name may have at most {longest} characters; this one has {len(name)}."]
    return []


def _schema_name_problems(name: str, noun: str, longest: int) -> list[str]:
    if not name:
        return [f"Enter a name for the {noun}."]
    found = _length_problems(name, 1, longest)
    strange = [char for char in name if not _WORD_CHARACTER.fullmatch(char)]
    if strange:
        found.append(f"Only letters (A–Z, a–z), digits and _ are allowed, not {listed_characters(strange)}.")
    return found


def listed_characters(characters: Iterable[str]) -> str:
    """Name characters, each once, the invisible ones by their code point, so that the message is safe to show."""
    distinct = list(dict.fromkeys(characters))
    shown = [_named(char) for char in distinct[:_MOST_LISTED]]
    return ", ".join(shown) + (" and others" if len(distinct) > _MOST_LISTED else "")


def _named(char: str) -> str:
    if char == " ":
        return "a space"
    return f"'{char}'" if char.isprintable() else f"U+{ord(char):04X}"
