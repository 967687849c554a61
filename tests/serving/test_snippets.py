"""The Python that dialogs show does what the command does: it is run against the server."""

from __future__ import annotations

import contextlib
import io
from ast import literal_eval
from decimal import Decimal

import pytest

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.snippets import TOKEN_VARIABLE, Language, render
from astrolabe.dataapi.protocol import Json
from tests.support.served import CREDENTIAL, DATABASE, KEYSPACE, PROVIDER, TOKEN, Served
from tests.support.snippet_walk import not_sent
from tests.support.table_walk import TABLE_WALK

SERVICE = {
    "provider": PROVIDER,
    "modelName": "endpoint-defined-model",
    "authentication": {"providerKey": CREDENTIAL},
    "parameters": {"endpointName": "e", "regionName": "r", "cloudName": "aws"},
}
CREATE = {
    "name": "snippets",
    "options": {"defaultId": {"type": "uuid"}, "vector": {"dimension": 8, "metric": "cosine", "service": SERVICE}},
}
DOCUMENTS = [
    {"_id": "a", "$vectorize": "a red \"bicycle\" with 'quotes' and \\ and \n lines", "price": Decimal("1.50")},
    {"_id": "b", "$vectorize": "café", "tags": ["x", None, True], "nested": {"deep": {"er": list(range(40))}}},
    {"_id": "c", "price": 3},
]


@pytest.fixture
def run(server: Served, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    return Run(f"{server.address}/databases/{DATABASE}")


class Run:
    """Runs snippets as a program."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def __call__(self, command: Json, *, keyspace: str | None = KEYSPACE, name: str | None = None) -> str:
        """Return what the program prints."""
        return self.planned(PlannedCommand(command, keyspace, name))

    def planned(self, planned: PlannedCommand) -> str:
        """Return what the program of a planned command prints."""
        text = render(planned, self.endpoint, Language.PYTHON)
        assert TOKEN not in text
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(text, "snippet", "exec"), {"__name__": "__main__"})  # noqa: S102 - our own rendering
        return printed.getvalue()

    def on(self, verb: str, **content: object) -> str:
        """Run a command on the collection."""
        return self({verb: content}, name="snippets")


def test_every_command_runs_as_python(run: Run) -> None:
    assert "default_keyspace" in run({"findKeyspaces": {}}, keyspace=None)
    assert run({"createCollection": CREATE}) == f"{KEYSPACE}.snippets\n"
    assert "snippets" in run({"findCollections": {"options": {"explain": True}}})
    assert "inserted_ids=['a', 'b', 'c']" in run.on("insertMany", documents=DOCUMENTS, options={"ordered": True})
    assert "inserted_id=d" in run.on("insertOne", document={"_id": "d"})
    found = run.on("find", sort={"$vectorize": "café"}, options={"limit": 1, "includeSimilarity": True})
    assert "'_id': 'b'" in found
    assert "$similarity" in found
    assert "'price': 3" in run.on("findOne", filter={"price": {"$gt": 2}}, projection={"price": 1, "_id": 0})
    assert "'nModified': 1" in run.on("updateOne", filter={"_id": "d"}, update={"$set": {"n": None}})
    assert "'upserted': 'e'" in run.on(
        "updateMany", filter={"_id": "e"}, update={"$set": {"n": 1}}, options={"upsert": True}
    )
    after = run.on(
        "findOneAndUpdate", filter={"_id": "e"}, update={"$inc": {"n": 1}}, options={"returnDocument": "after"}
    )
    assert "'n': 2" in after
    assert "'n': 2" in run.on("findOneAndReplace", filter={"_id": "e"}, replacement={"m": True})
    assert "'m': True" in run.on("findOneAndDelete", filter={"_id": "e"})
    assert run.on("countDocuments", filter={}) == "4\n"
    assert run.on("estimatedDocumentCount") == "4\n"
    assert "deleted_count=1" in run.on("deleteOne", filter={"_id": "a"})
    assert "deleted_count=1" in run.on("deleteMany", filter={"_id": "b"})
    run({"deleteCollection": {"name": "snippets"}})
    assert "snippets" not in run({"findCollections": {}})


def test_values_that_json_has_no_words_for_arrive_as_what_they_are(run: Run) -> None:
    run({"createCollection": {"name": "snippets", "options": {"vector": {"dimension": 2}}}})
    values = {
        "at": {"$date": 1732500000000},
        "uuid": {"$uuid": "0b6f7a52-54b2-4d0c-9d3e-6a8f1c2b7e90"},
        "oid": {"$objectId": "65f1a2b3c4d5e6f708192a3b"},
        "$vector": {"$binary": "PwAAAD8AAAA="},
    }
    run.on("insertOne", document={"_id": "v", **values})
    found = run.on("findOne", filter={"at": values["at"]}, projection={"*": 1})
    assert "DataAPITimestamp" in found
    assert "UUID('0b6f7a52-54b2-4d0c-9d3e-6a8f1c2b7e90')" in found
    assert "65f1a2b3c4d5e6f708192a3b" in found
    assert "0.5" in found
    updates = {
        "$set": {"a": 1},
        "$unset": {"oid": ""},
        "$inc": {"n": 2},
        "$push": {"l": 1},
        "$currentDate": {"c": True},
    }
    assert "'nModified': 1" in run.on("updateOne", filter={"_id": "v"}, update=updates)
    assert "'n': 2" in run.on("find", filter={"_id": "v"}, sort={"$vector": values["$vector"]}, options={"limit": 1})
    run({"deleteCollection": {"name": "snippets"}})


def test_every_update_operator_runs_as_python(run: Run) -> None:
    run({"createCollection": {"name": "snippets"}})
    run.on("insertOne", document={"_id": "u", "n": 4, "score": 8, "list": [1, 2], "gone": 1, "set": ["a"]})
    updates = {
        "$min": {"n": 3},
        "$max": {"score": 9},
        "$mul": {"factor": 2},
        "$rename": {"gone": "came"},
        "$push": {"list": {"$each": [8, 9], "$position": 1}},
        "$addToSet": {"set": {"$each": ["a", "b"]}},
    }
    assert "'nModified': 1" in run.on("updateOne", filter={"_id": "u"}, update=updates)
    run.on("updateOne", filter={"_id": "u"}, update={"$pop": {"list": -1}})
    changed = {"_id": "u", "n": 3, "score": 9, "list": [8, 9, 2], "factor": 0, "came": 1, "set": ["a", "b"]}
    assert literal_eval(run.on("findOne", filter={"_id": "u"})) == changed
    inserting = {"$set": {"old": 1}, "$setOnInsert": {"new": True}}
    upserted = run.on("updateOne", filter={"_id": "v"}, update=inserting, options={"upsert": True})
    assert "'upserted': 'v'" in upserted
    assert literal_eval(run.on("findOne", filter={"_id": "v"})) == {"_id": "v", "old": 1, "new": True}
    run({"deleteCollection": {"name": "snippets"}})


def test_hybrid_search_runs_as_python(run: Run) -> None:
    run({"createCollection": CREATE})
    documents = [{"_id": word, "$hybrid": f"a {word} for the kitchen"} for word in ("kettle", "chair", "lamp")]
    run.on("insertMany", documents=documents)
    options = {"limit": 2, "hybridLimits": 3, "includeScores": True}
    found = run.on("findAndRerank", sort={"$hybrid": "kettle"}, projection={"*": 1}, options=options)
    assert "a kettle for the kitchen" in found
    assert "'$rrf': 0." in found
    assert "kettle" in run.on("find", sort={"$lexical": "kettle"}, options={"limit": 1})
    run({"deleteCollection": {"name": "snippets"}})


def test_commands_on_the_database_run_as_python(run: Run) -> None:
    run({"createKeyspace": {"name": "by_snippet"}}, keyspace=None)
    assert "by_snippet" in run({"findKeyspaces": {}}, keyspace=None)
    run({"dropKeyspace": {"name": "by_snippet"}}, keyspace=None)
    assert "openai" in run({"findEmbeddingProviders": {}}, keyspace=None)
    assert "rerankingProviders" in run({"findRerankingProviders": {}}, keyspace=None)
    assert "tables" in run({"listTables": {}})


def test_every_command_on_tables_runs_as_python(run: Run, server: Served) -> None:
    server.workspace.activity.clear()
    for walked in TABLE_WALK:
        assert walked.word in run.planned(walked.planned), walked.planned
    assert not_sent(server.workspace.activity.entries, TABLE_WALK) == []
    assert [entry.detail for entry in server.workspace.activity.entries if entry.error_code] == []
