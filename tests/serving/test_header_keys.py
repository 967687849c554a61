"""A provider's key that comes with the request: a wrong one is refused whatever was embedded before."""

from __future__ import annotations

import pytest

from tests.support.served import CREDENTIAL, KEYSPACE, PROVIDER, PROVIDER_KEY, Served

PATH = f"/v1/{KEYSPACE}/keyed"
SERVICE = {
    "provider": PROVIDER,
    "modelName": "endpoint-defined-model",
    "parameters": {"endpointName": "mtp1x7muf6qyn3yh", "regionName": "us-east-2", "cloudName": "aws"},
}


@pytest.mark.parametrize("stored", [True, False], ids=["stored credential", "header only"])
def test_a_known_text_does_not_hide_a_wrong_key(server: Served, stored: bool) -> None:
    service = SERVICE | ({"authentication": {"providerKey": CREDENTIAL}} if stored else {})
    options = {"vector": {"dimension": 8, "metric": "cosine", "service": service}}
    server.post(f"/v1/{KEYSPACE}", json={"deleteCollection": {"name": "keyed"}})
    created = server.post(f"/v1/{KEYSPACE}", json={"createCollection": {"name": "keyed", "options": options}})
    assert created.json() == {"status": {"ok": 1}}
    text = f"a text that is known, {stored}"
    find = {"find": {"sort": {"$vectorize": text}}}
    right = {"x-embedding-api-key": PROVIDER_KEY}
    first = {} if stored else right
    assert (
        "errors" not in server.post(PATH, json={"insertOne": {"document": {"$vectorize": text}}}, headers=first).json()
    )
    assert "errors" not in server.post(PATH, json=find, headers=first).json()
    wrong = server.post(PATH, json=find, headers={"x-embedding-api-key": "wrong-sentinel-4Tx9"})
    assert wrong.json()["errors"][0]["errorCode"] == "EMBEDDING_PROVIDER_CLIENT_ERROR"
    assert "errors" not in server.post(PATH, json=find, headers=right).json()
    asked = len(server.provider.requests)
    assert "errors" not in server.post(PATH, json=find, headers=right).json()
    assert len(server.provider.requests) == asked
