"""The rules of connection strings: names, identifiers and settings. Pure functions, a sentence for each broken rule."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import SecretStr

from astrolabe.portal.credentials.checks import secret_or_reference_problems
from astrolabe.portal.rules import listed_characters
from astrolabe.providers.catalogue.address import AddressError, check
from astrolabe.providers.catalogue.connectors import (
    DIMENSIONS,
    LARGEST_DIMENSION,
    SECRETS,
    Connector,
    ConnectorField,
    FieldKind,
    address_of,
)
from storage.secrets.references import SecretReference

LONGEST_NUMBER = 9
"""Digits of a number in a setting; more mean nothing."""

_ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_OTHER_RUN = re.compile(r"[^a-z0-9]+")
_ADDRESS_ADVICE = "It starts with https://, or with http:// for this machine."
_ACCOUNT_MEMBERS = ("project_id", "private_key", "client_email", "token_uri")


def generate_identifier(name: str) -> str:
    """Return the identifier that a name gives: ``Nâme of mine!`` is ``name-of-mine``; empty when it gives none."""
    decomposed = unicodedata.normalize("NFD", name)
    unmarked = "".join(char for char in decomposed if not unicodedata.category(char).startswith("M"))
    return _OTHER_RUN.sub("-", unmarked.lower()).strip("-")


def identifier_problems(identifier: str, *, taken: Collection[str] = ()) -> list[str]:
    """Return everything that is wrong with an identifier, with the characters at fault."""
    if not identifier.strip():
        return ["The identifier cannot be blank."]
    found = []
    upper = [char for char in identifier if char.isupper()]
    if upper:
        found.append(f"Upper-case letters are not allowed: {listed_characters(upper)}.")
    strange = [char for char in identifier if char not in _ALLOWED and not char.isupper()]
    if strange:
        found.append(f"Only a–z, 0–9 and - are allowed, not {listed_characters(strange)}.")
    if "--" in identifier:
        found.append("Two hyphens in a row are not allowed: '--'.")
    if identifier.startswith("-"):
        found.append("The first character cannot be a hyphen: '-'.")
    if identifier.endswith("-"):
        found.append("The last character cannot be a hyphen: '-'.")
    composed = [char for char in identifier if unicodedata.normalize("NFD", char) != char]
    if composed:
        found.append(f"It has to be in decomposed Unicode form, and these are not: {listed_characters(composed)}.")
    if identifier in taken:
        found.append(identifier_taken(identifier))
    return found


def identifier_taken(identifier: str) -> str:
    """Return the sentence for an identifier that another connection string has."""
    return f"There is already a connection string with the identifier '{identifier}'."


def missing_identifier_problems(name: str, identifier: str) -> list[str]:
    """Return why no identifier can be made where none is given."""
    if identifier or not name.strip() or generate_identifier(name):
        return []
    return ["The name has no ASCII letter or digit to make an identifier from. Enter one, such as my-model."]


def name_problems(name: str, *, taken: Collection[str] = ()) -> list[str]:
    """Return what is wrong with a connection string's name; white space around it does not count."""
    kept = name.strip()
    if not kept:
        return ["Enter a name for the connection string."]
    found = []
    strange = [char for char in kept if not char.isprintable()]
    if strange:
        found.append(f"Only characters that can be seen are allowed, not {listed_characters(strange)}.")
    if kept in taken:
        found.append(name_taken(kept))
    return found


def name_taken(name: str) -> str:
    """Return the sentence for a name that another connection string has."""
    return f"There is already a connection string called '{name}'."


def kept_settings(connector: Connector, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings without problems as they are kept: trimmed, numbers as numbers, empty ones left out."""
    kept: dict[str, Any] = {}
    for field in connector.fields:
        text = _text(given.get(field.key))
        if text and field.kind not in SECRETS:
            kept[field.key] = int(text) if field.kind is FieldKind.NUMBER else text
    return kept


def settings_problems(
    connector: Connector, given: Mapping[str, Any], *, allow_plain_http: bool = False
) -> dict[str, list[str]]:
    """Return what is wrong with a settings block, by the field's key."""
    found = {field.key: _value_problems(field, given.get(field.key)) for field in connector.fields}
    found |= {key: [f"{connector.label} has no setting '{key[:60]}'."] for key in given if connector.find(key) is None}
    if connector.address and not found[connector.address]:
        found[connector.address] = _address_problems(connector, given, allow_plain_http=allow_plain_http)
    return {key: problems for key, problems in found.items() if problems}


def secret_setting_problems(
    connector: Connector, secret: SecretStr | SecretReference | None, *, optional: bool
) -> list[str]:
    """Return what is wrong with a connector's secret.

    Args:
        connector: The connector.
        secret: As given; None when it was not.
        optional: Whether it may be missing: there is one already, or it is to follow.
    """
    field = connector.secret
    if field is None:
        return [] if secret is None else [f"{connector.label} takes no key."]
    if secret is None:
        return [] if optional or not field.required else [f"Enter the {field.label}."]
    if field.kind is FieldKind.SERVICE_ACCOUNT and isinstance(secret, SecretStr):
        return service_account_problems(secret)
    return secret_or_reference_problems(secret, field.label)


def service_account_problems(secret: SecretStr) -> list[str]:
    """Return what keeps a text from being the key of a Google service account; the text is not quoted."""
    account = read_account(secret)
    if account is None:
        return ["That is not the JSON file of a service account. Copy the whole file that Google gave you."]
    if account.get("type") != "service_account":
        return ["The JSON is no service account's: its type is not 'service_account'."]
    missing = [member for member in _ACCOUNT_MEMBERS if not isinstance(account.get(member), str) or not account[member]]
    return [f"The service account's JSON lacks: {', '.join(missing)}."] if missing else []


def read_account(secret: SecretStr) -> Mapping[str, Any] | None:
    """Return the members of a service account's JSON, or None when it is no JSON object."""
    try:
        account = json.loads(secret.get_secret_value())
    except (ValueError, RecursionError):
        return None
    return account if isinstance(account, dict) else None


def _value_problems(field: ConnectorField, value: object) -> list[str]:
    text = _text(value)
    if field.kind in SECRETS:
        return [f"The {field.label} is not one of the settings."] if text else []
    if not text:
        return [f"{field.label} is required."] if field.required else []
    if isinstance(value, bool) or not isinstance(value, str | int):
        return [f"{field.label} is a text or a number."]
    return _text_problems(field, text)


def _text_problems(field: ConnectorField, text: str) -> list[str]:
    if not text.isprintable():
        strange = [char for char in text if not char.isprintable()]
        return [f"Only characters that can be seen are allowed, not {listed_characters(strange)}."]
    if field.kind is FieldKind.NUMBER:
        return _number_problems(field, text)
    if field.options and text not in field.options:
        return [f"{field.label} is one of: {', '.join(field.options)}."]
    return []


def _number_problems(field: ConnectorField, text: str) -> list[str]:
    whole = text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER
    most = LARGEST_DIMENSION if field.key == DIMENSIONS else None
    if not whole or int(text) < 1 or (most is not None and int(text) > most):
        return [f"{field.label} is a whole number from 1{f' to {most}' if most else ''}."]
    return []


def _address_problems(connector: Connector, given: Mapping[str, Any], *, allow_plain_http: bool) -> list[str]:
    if not connector.value(given, connector.address):
        return []
    try:
        # The braces of our own template are no part of a host.
        check(address_of(connector, given).replace("{", "").replace("}", ""), allow_plain_http=allow_plain_http)
    except AddressError as error:
        return [error.message, _ADDRESS_ADVICE]
    return []


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()
