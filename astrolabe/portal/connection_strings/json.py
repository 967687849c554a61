"""RavenDB's JSON form of AI connection strings: what its clients and its server write and read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import SecretStr

from astrolabe.errors import Problem, RuleError
from astrolabe.portal.connection_strings.connection_string import ConnectionString, ConnectionStringDraft
from astrolabe.providers.catalogue.connectors import SECRETS, Connector, FieldKind, load_connectors

TYPE, MODEL_TYPE = "Ai", "TextEmbeddings"
_LIST = "AiConnectionStrings"
_HINT = "One connection string is an object with Name, Identifier and one settings block; several are a list of those."


def to_json(string: ConnectionString, secret: SecretStr | None = None) -> dict[str, Any]:
    """Return the JSON form: every block by name, all but the string's own null.

    Args:
        string: The connection string.
        secret: Its secret, to be written out; None writes null.
    """
    blocks = {one.block: None for one in load_connectors()}
    return {
        "Name": string.name,
        "Identifier": string.identifier,
        **blocks,
        string.connector.block: _block(string.connector, string.settings, secret),
        "ModelType": MODEL_TYPE,
        "Type": TYPE,
    }


def _block(connector: Connector, settings: Mapping[str, Any], secret: SecretStr | None) -> dict[str, Any]:
    block: dict[str, Any] = {}
    for field in connector.fields:
        if field.kind in SECRETS:
            block[field.key] = secret.get_secret_value() if secret is not None else None
        else:
            default = field.default if field.kind is FieldKind.CHOICE else None
            block[field.key] = settings.get(field.key, default)
    return block | dict.fromkeys(connector.unused)


def read_text(text: str) -> list[ConnectionStringDraft]:
    """Read connection strings from a text: one object, a list of them, or what a RavenDB server answers.

    Raises:
        RuleError: It is not JSON, or not of that form; ``problems`` has everything that is wrong.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RuleError("The text is not JSON.", field="file", hint=_HINT) from error
    return read_all(document)


def read_all(document: object) -> list[ConnectionStringDraft]:
    """Read connection strings from parsed JSON.

    Raises:
        RuleError: It is not of that form; ``problems`` has everything that is wrong.
    """
    entries = _entries(document)
    problems: list[Problem] = []
    drafts = []
    for number, entry in enumerate(entries, start=1):
        found = _problems(entry)
        where = str(entry.get("Name") or number) if isinstance(entry, Mapping) else str(number)
        problems += [Problem(f"Connection string {where}: {message}", "file") for message in found]
        if not found and isinstance(entry, Mapping):
            drafts.append(_draft(entry))
    if problems:
        raise RuleError(" ".join(one.message for one in problems), field="file", hint=_HINT, problems=problems)
    return drafts


def is_for_embeddings(entry: object) -> bool:
    """Return whether an entry of a server's answer is for embeddings; chat models are none of ours."""
    return isinstance(entry, Mapping) and entry.get("ModelType") in {None, MODEL_TYPE}


def _entries(document: object) -> list[object]:
    if isinstance(document, Mapping) and isinstance(document.get(_LIST), Mapping):
        return list(document[_LIST].values())
    entries = list(document) if isinstance(document, list) else [document]
    if not entries:
        raise RuleError("There is no connection string in it.", field="file", hint=_HINT)
    return entries


def _problems(entry: object) -> list[str]:
    if not isinstance(entry, Mapping):
        return ["It is not an object."]
    found = []
    if not isinstance(entry.get("Name"), str) or not entry["Name"].strip():
        found.append("It has no Name.")
    if not isinstance(entry.get("Identifier"), str | None):
        found.append("Its Identifier is not a text.")
    if entry.get("Type") not in {None, TYPE}:
        found.append(f"Its Type is not '{TYPE}'.")
    if entry.get("ModelType") not in {None, MODEL_TYPE}:
        found.append(f"Its ModelType is not '{MODEL_TYPE}': chat models make no vectors.")
    blocks = [connector.block for connector in load_connectors() if entry.get(connector.block) is not None]
    if len(blocks) != 1:
        listed = ", ".join(blocks) or "none"
        found.append(f"It needs exactly one settings block, such as HuggingFaceSettings; it has {listed}.")
    elif not isinstance(entry[blocks[0]], Mapping):
        found.append(f"Its {blocks[0]} is not an object.")
    return found


def _draft(entry: Mapping[str, Any]) -> ConnectionStringDraft:
    connector = next(one for one in load_connectors() if entry.get(one.block) is not None)
    block: Mapping[str, Any] = entry[connector.block]
    known = {field.key for field in connector.fields if field.kind not in SECRETS}
    given = block.get(connector.secret.key) if connector.secret is not None else None
    return ConnectionStringDraft(
        name=entry["Name"],
        identifier=entry.get("Identifier") or "",
        connector=connector.key,
        settings={key: value for key, value in block.items() if key in known and value is not None},
        secret=SecretStr(given) if isinstance(given, str) and given else None,
    )


def dumps(documents: Iterable[Mapping[str, Any]], *, single: bool) -> str:
    """Return the text of an export: one object, or a list of them."""
    found = list(documents)
    return json.dumps(found[0] if single else found, ensure_ascii=False, indent=2) + "\n"
