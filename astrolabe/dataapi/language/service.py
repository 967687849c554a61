"""``vector.service`` between its JSON form and :class:`ServiceConfig`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from astrolabe.dataapi.protocol import Json
from astrolabe.portal.organization import ServiceConfig

CREDENTIAL_KEY = "providerKey"
"""The one key that ``authentication`` accepts for the providers of the catalogue."""


def stored_credential(value: str) -> str:
    """Return a credential reference as it is kept and shown: ``my-key`` becomes ``my-key.providerKey``.

    A value that has the suffix already is kept; any other text with a dot gets the suffix too.
    """
    suffix = f".{CREDENTIAL_KEY}"
    return value if value.endswith(suffix) and value != suffix else value + suffix


def service_json(service: ServiceConfig) -> Json:
    """Return the JSON form; ``authentication`` and ``parameters`` only when there is something in them."""
    body: Json = {"provider": service.provider, "modelName": service.model}
    if service.credential:
        body["authentication"] = {CREDENTIAL_KEY: service.credential}
    if service.parameters:
        body["parameters"] = dict(service.parameters)
    return body


def read_service(body: Mapping[str, Any]) -> ServiceConfig:
    """Read the JSON form as ``findCollections`` shows it."""
    authentication = body.get("authentication") or {}
    return ServiceConfig(
        provider=str(body.get("provider", "")),
        model=str(body.get("modelName") or ""),
        credential=authentication.get(CREDENTIAL_KEY),
        parameters=dict(body.get("parameters") or {}),
    )
