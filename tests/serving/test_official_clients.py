"""The official TypeScript and Java clients: the documents' samples in their languages, and what follows them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.serving.test_samples import sample
from tests.support.official_clients import needs_java, needs_node, run_java, run_typescript
from tests.support.recipes import recipes_of
from tests.support.served import CREDENTIAL, KEYSPACE, PROVIDER_KEY, TOKEN, Served
from tests.support.snippet_walk import variables

FLOW = Path(__file__).parent / "clients" / "seed_flow.ts"
TABLES = FLOW.with_name("tables_flow.ts")


@pytest.fixture(autouse=True)
def no_collections(server: Served) -> None:
    """Take away what another sample created."""
    server.post(f"/v1/{KEYSPACE}", json={"deleteCollection": {"name": "sample"}})


def created_metric(server: Served) -> str:
    """Return the metric of the sample's collection, after checking its service."""
    listed = server.post(f"/v1/{KEYSPACE}", json={"findCollections": {"options": {"explain": True}}}).json()
    (collection,) = listed["status"]["collections"]
    service = collection["options"]["vector"]["service"]
    assert service["parameters"] == {"endpointName": "mtp1x7muf6qyn3yh", "regionName": "us-east-2", "cloudName": "aws"}
    assert service["authentication"] == {"providerKey": f"{CREDENTIAL}.providerKey"}
    return str(collection["options"]["vector"]["metric"])


@needs_node
@pytest.mark.parametrize(("word", "metric"), [("cosine", "cosine"), ("EUCLIDIAN", "euclidean")])
def test_the_sample_in_typescript(server: Served, tmp_path: Path, word: str, metric: str) -> None:
    text = sample("dedicated_collection.ts", SIMILARITY_METRIC=word)
    printed = run_typescript(tmp_path, {"sample": text}, variables(server.address, TOKEN), check=False)
    assert f"* Created collection {KEYSPACE}.sample\n" in printed["sample"]
    assert created_metric(server) == metric


@needs_java
@pytest.mark.parametrize(("word", "metric"), [("DOT_PRODUCT", "dot_product"), ("EUCLIDEAN", "euclidean")])
def test_the_sample_in_java(server: Served, tmp_path: Path, word: str, metric: str) -> None:
    text = sample("dedicated_collection.java", SIMILARITY_METRIC=word)
    printed = run_java(tmp_path, {"sample": text}, variables(server.address, TOKEN))
    assert printed["sample"].endswith("Connected to Database.\nsample\n")
    assert created_metric(server) == metric


@needs_node
def test_what_the_documents_do_with_a_collection_in_typescript(server: Served, tmp_path: Path) -> None:
    environment = dict(variables(server.address, TOKEN)) | {"CREDENTIAL": CREDENTIAL}
    printed = run_typescript(tmp_path, {"flow": FLOW.read_text(encoding="utf-8")}, environment)
    assert printed["flow"] == "INVALID_USAGE_OF_VECTORIZE VECTORIZE_CREDENTIAL_INVALID\n"
    assert server.provider.requests[-1].headers["authorization"] == f"Bearer {PROVIDER_KEY}"


@needs_node
def test_what_the_documents_do_with_a_table_in_typescript(server: Served, tmp_path: Path) -> None:
    programs = {"tables": TABLES.read_text(encoding="utf-8")}
    printed = run_typescript(tmp_path, programs, variables(server.address, TOKEN))
    assert printed["tables"].splitlines() == [
        "by_key by_own by_tag by_word",
        "notes 8",
        "3 2 1 Main one ab",
        "2",
        "a green bicycle",
        "1",
        "0",
    ]


@needs_java
def test_java_has_rows_of_a_class_of_its_own_and_does_what_the_guide_says(server: Served, tmp_path: Path) -> None:
    programs = {"rows": FLOW.with_name("TablesFlow.java").read_text(encoding="utf-8")}
    [recipe] = recipes_of("Java")
    if importlib.util.find_spec("wordllama") is not None:
        programs["recipe"] = recipe.text
    printed = run_java(tmp_path, programs, variables(server.address, TOKEN))
    assert printed.get("recipe", recipe.prints) == recipe.prints
    assert printed["rows"].splitlines() == [
        "1.15 2026-11-28T03:04:05.678Z 0f3b9c1e-1111-4222-8333-444455556666 [a, b] 1.0",
        "21 3",
        "east 4 4.25",
        "9.99",
        "2",
    ]
