"""The samples of the product's documents, with their placeholders filled in, do what the text says.

Deprecated spellings of the Python client are brought up to date where the client itself refuses them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import simplejson
from astrapy import DataAPIClient
from pydantic import SecretStr

from astrolabe.portal.organization import CredentialDraft
from tests.support.served import CREDENTIAL, KEYSPACE, PROVIDER_KEY, TOKEN, Served
from tests.support.waiting import LONGEST_WAIT

SAMPLES = Path(__file__).parent / "samples"
PLACEHOLDERS = {
    "COLLECTION_NAME": "sample",
    "TABLE_NAME": "sample",
    "TEXT_COLUMN_NAME": "text",
    "VECTOR_COLUMN_NAME": "embedding",
    "INDEX_NAME": "by_meaning",
    "SIMILARITY_METRIC": "cosine",
    "MODEL_DIMENSIONS": "8",
    "MODEL_NAME": "sentence-transformers/all-MiniLM-L6-v2",
    "API_KEY_NAME": CREDENTIAL,
    "ENDPOINT_NAME": "mtp1x7muf6qyn3yh",
    "REGION_NAME": "us-east-2",
    "CLOUD_NAME": "aws",
}


def sample(name: str, **filled: str) -> str:
    """Return a sample with its placeholders filled in."""
    text = (SAMPLES / f"{name}.txt").read_text(encoding="utf-8")
    values = PLACEHOLDERS | filled
    return re.sub(rf"\b({'|'.join(values)})\b", lambda match: values[match[0]], text)


def without_comments(text: str) -> str:
    return re.sub(r"\s*# [^\n]*", "", text)


def run(server: Served, *words: str) -> str:
    """Run a program as a reader of the documents would, and return what it prints."""
    variables = {"ASTRA_DB_API_ENDPOINT": server.address, "ASTRA_DB_APPLICATION_TOKEN": TOKEN}
    done = subprocess.run(  # noqa: S603 - the samples are our own files
        words, env=dict(os.environ) | variables, capture_output=True, text=True, timeout=LONGEST_WAIT, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def curl(server: Served, text: str) -> dict[str, Any]:
    answer: dict[str, Any] = simplejson.loads(run(server, "sh", "-c", text))
    return answer


def code(answer: dict[str, Any]) -> str:
    return str(answer["errors"][0]["errorCode"])


@pytest.fixture(autouse=True)
def no_collections(server: Served) -> None:
    """Take away what another sample created."""
    server.post(f"/v1/{KEYSPACE}", json={"deleteCollection": {"name": "sample"}})
    server.post(f"/v1/{KEYSPACE}", json={"dropTable": {"name": "sample"}})


def test_the_dedicated_collection_is_created_loaded_and_searched(server: Served) -> None:
    text = sample("dedicated_collection.sh")
    assert code(curl(server, text)) == "REQUEST_NOT_JSON"
    assert curl(server, without_comments(text)) == {"status": {"ok": 1}}
    collection = DataAPIClient(TOKEN).get_database(server.address).get_collection("sample")
    collection.insert_many([{"_id": "saw", "$vectorize": "cuts wood"}, {"_id": "pen", "$vectorize": "writes words"}])
    found = collection.find_one(sort={"$vectorize": "cuts wood"}, include_similarity=True)
    assert found is not None
    assert found["_id"] == "saw"
    assert server.provider.requests[-1].headers["authorization"] == f"Bearer {PROVIDER_KEY}"


def test_the_dedicated_sample_in_python(server: Served) -> None:
    text = sample("dedicated_collection.py", SIMILARITY_METRIC="EUCLIDEAN")
    assert run(server, sys.executable, "-c", text) == f"* Collection: {KEYSPACE}.sample\n"
    listed = server.post(f"/v1/{KEYSPACE}", json={"findCollections": {"options": {"explain": True}}}).json()
    (collection,) = listed["status"]["collections"]
    assert collection["options"]["vector"]["metric"] == "euclidean"
    assert collection["options"]["vector"]["service"]["parameters"]["endpointName"] == "mtp1x7muf6qyn3yh"


def test_the_serverless_collection_needs_a_credential_of_its_own(server: Served) -> None:
    text = sample("serverless_collection.sh", MODEL_DIMENSIONS="384")
    assert code(curl(server, text)) == "VECTORIZE_CREDENTIAL_INVALID"
    add_credential(server, CREDENTIAL)
    assert curl(server, text) == {"status": {"ok": 1}}
    assert curl(server, text) == {"status": {"ok": 1}}
    assert code(curl(server, sample("serverless_collection.sh"))) == "INVALID_CREATE_COLLECTION_OPTIONS"


def test_the_table_of_the_samples_is_created_and_indexed(server: Served) -> None:
    table = sample("table.sh", MODEL_DIMENSIONS="384", API_KEY_NAME="for-tables")
    assert code(curl(server, table)) == "REQUEST_NOT_JSON"
    add_credential(server, "for-tables")
    assert curl(server, without_comments(table)) == {"status": {"ok": 1}}
    index = curl(server, sample("vector_index.sh"))
    assert code(index) == "COMMAND_UNKNOWN"
    assert "post it to /v1/{keyspace}/{table}" in index["errors"][0]["message"]
    mended = sample("vector_index.sh").replace("/default_keyspace", "/default_keyspace/sample")
    assert curl(server, mended) == {"status": {"ok": 1}}
    [listed] = DataAPIClient(TOKEN).get_database(server.address).get_table("sample").list_indexes()
    assert listed.definition.as_dict() == {
        "column": "embedding",
        "options": {"metric": "cosine", "sourceModel": "other"},
    }


def add_credential(server: Served, name: str) -> None:
    """Add a credential to the Serverless integration."""
    (database,) = server.run(server.workspace.databases.list())
    draft = CredentialDraft("huggingface", name, SecretStr(PROVIDER_KEY), (database.id,))
    server.run(server.workspace.integrations.add_credential(draft))


@pytest.mark.parametrize(
    ("word", "metric"), [("COSINE", "cosine"), ("DOT_PRODUCT", "dot_product"), ("EUCLIDIAN", "euclidean")]
)
def test_the_metric_may_be_spelled_as_in_the_text(server: Served, word: str, metric: str) -> None:
    text = without_comments(sample("dedicated_collection.sh", SIMILARITY_METRIC=word))
    assert curl(server, text) == {"status": {"ok": 1}}
    listed = server.post(f"/v1/{KEYSPACE}", json={"findCollections": {"options": {"explain": True}}}).json()
    assert listed["status"]["collections"][0]["options"]["vector"]["metric"] == metric
