"""``astrolabe serve --compare``: two servers that differ in five planted ways."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import simplejson
from pydantic import SecretStr

from astrolabe.portal.organization import DatabaseDraft
from astrolabe.serving.addresses import Target
from astrolabe.serving.comparison import Answered, Compared, Comparison, Found
from astrolabe.serving.options import ServerOptions
from astrolabe.workspace import Workspace
from tests.cli.conftest import Program
from tests.cli.test_serve import TOKEN, serving
from tests.support.planting import planted
from tests.support.served import TOKEN as OTHER_TOKEN
from tests.support.served import served
from tests.support.waiting import LONGEST_WAIT
from tui.cli.verbs.serve.comparison_report import comparison_line, comparison_report
from tui.settings.sections import LogFormat

BOOKS = "/v1/default_keyspace/books"
KEY = "sentinel-key-Zq7Wm4Tx9"


def other_status(_: Any) -> int:  # noqa: ANN401 - JSON
    return 503


def other_data(answer: Any) -> None:  # noqa: ANN401 - JSON
    answer["data"]["documents"][0]["note"] = f"the other note {OTHER_TOKEN}"


def other_code(answer: Any) -> None:  # noqa: ANN401 - JSON
    answer["errors"][0]["errorCode"] = "OTHER_CODE"


def other_title(answer: Any) -> None:  # noqa: ANN401 - JSON
    answer["errors"][0]["title"] = "Another title"


def other_warning(answer: Any) -> None:  # noqa: ANN401 - JSON
    answer["status"]["warnings"] = []


CHANGES = {
    "countDocuments": other_status,
    "find": other_data,
    "findOneAndUpdate": other_code,
    "createIndex": other_title,
    "createNamespace": other_warning,
}


def test_the_five_planted_differences_are_found_and_no_other(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTROLABE_SERVER__COMPARE_TOKEN", OTHER_TOKEN)
    program.done("databases", "create", "library")
    seen: list[Mapping[str, str]] = []
    with (
        served(tmp_path / "other") as other,
        planted(other.address, CHANGES, seen) as proxy,
        serving("--token", TOKEN, "--compare", proxy, "--log-format", "json") as server,
    ):
        made = _use(server.post)
        server.process.send_signal(signal.SIGTERM)
        _, told = server.process.communicate(timeout=LONGEST_WAIT)
        assert server.process.returncode == 0
    lines = [simplejson.loads(line) for line in told.splitlines() if line.startswith("{")]
    end = lines[-1]
    assert [(found["command"], found["place"], found["times"]) for found in end["differences"]] == [
        ("find", "data.documents[0].note", 1),
        ("countDocuments", "HTTP status", 1),
        ("findOneAndUpdate", "errors[0].errorCode", 1),
        ("createIndex", "errors[0].title", 1),
        ("createNamespace", "status.warnings[0]", 1),
    ]
    assert (end["equal"], end["differing"], end["unanswered"], end["more"]) == (made - 5, 5, 0, 0)
    assert end["differences"][0]["there"].startswith('"the other note •••')
    compared = [line for line in lines if "compared" in line]
    assert [difference for line in compared for difference in line["differences"]] == [
        {name: found[name] for name in ("place", "here", "there")} for found in end["differences"]
    ]
    for secret in (TOKEN, OTHER_TOKEN, KEY):
        assert secret not in told
    assert {headers["token"] for headers in seen} == {OTHER_TOKEN}
    assert KEY in {headers.get("x-embedding-api-key") for headers in seen}
    assert len(seen) == made


def _use(post: Any) -> int:  # noqa: ANN401 - the server's
    """Send what has each kind of difference, beside what is the same; return how many requests there were."""
    made = [
        post({"createCollection": {"name": "books"}}, path="/v1/default_keyspace"),
        post({"insertOne": {"document": {"note": "mine"}}}, path=BOOKS),
        post({"insertMany": {"documents": [{"n": n} for n in range(60)]}}, path=BOOKS),
    ]
    own = made[1].json()["status"]["insertedIds"][0]
    page = post({"findOne": {"filter": {"_id": own}}}, path=BOOKS)
    assert page.json()["data"]["document"]["note"] == "mine"
    made += [page, post({"find": {"filter": {"_id": own}}}, path=BOOKS)]
    made += [
        post({"countDocuments": {}}, path=BOOKS),
        post({"findOneAndUpdate": {"update": {"$nope": {}}}}, path=BOOKS),
        post({"createIndex": {"name": "i", "definition": {"column": "a"}}}, path=BOOKS),
        post({"createNamespace": {"name": "spare"}}),
        post({"deleteMany": {"filter": {"n": {"$gt": 2}}}}, path=BOOKS),
        httpx.post(
            f"{str(page.url).split('/v1')[0]}/databases/library/v1",
            json={"findKeyspaces": {}},
            headers={"Token": TOKEN, "x-embedding-api-key": KEY},
            timeout=LONGEST_WAIT,
        ),
    ]
    assert post({"findKeyspaces": {}}, token="no token").status_code == 401
    assert all(answer.status_code == 200 for answer in made)
    return len(made)


def test_what_a_token_may_not_do_here_is_not_done_there_either(tmp_path: Path) -> None:
    async def prepare(workspace: Workspace) -> None:
        await workspace.create_database(DatabaseDraft("library"))

    with served(tmp_path / "other") as other:
        compared = ServerOptions(port=0, compare=other.address, compare_token=SecretStr(OTHER_TOKEN))
        with served(tmp_path / "here", compared, prepare=prepare) as here:
            reader = here.run(here.workspace.tokens.create("reader", read_only=True))[1].get_secret_value()
            headers, place = {"Token": reader}, "/databases/library/v1/default_keyspace"
            refused = here.post(place, json={"createCollection": {"name": "made"}}, headers=headers)
            assert refused.json()["errors"][0]["errorCode"] == "UNAUTHORIZED_ACCESS"
            assert here.post(place, json={"findCollections": {}}, headers=headers).status_code == 200
        found = other.post("/v1/default_keyspace", json={"findCollections": {}}).json()
        assert found["status"]["collections"] == []


def test_people_read_the_differences_in_lines() -> None:
    found = Found("data.document.n", "1", "2")
    lost = Compared("find", "ks.books", datetime(2026, 3, 4, tzinfo=UTC), failure="there did not answer: refused")
    differing = Compared("find", "ks.books", lost.at, [found])
    assert comparison_line(differing).endswith("DIFFERS  find  ks.books\n    data.document.n: 1 here, 2 there")
    assert comparison_line(lost).endswith("NOT COMPARED  find  ks.books\n    there did not answer: refused")
    comparison = Comparison("id", "http://127.0.0.1:1", None)
    for compared in (differing, differing, lost, Compared("find", "ks.books", lost.at)):
        comparison.summary.add(compared)
    assert list(comparison_report(comparison, LogFormat.TEXT)) == [
        "Beside 127.0.0.1:1: 1 answers equal, 2 differ, 1 without an answer there.",
        "  find  data.document.n: 1 here, 2 there  (2 times)",
    ]


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("http://127.0.0.1:8181", "http://127.0.0.1:8181/v1"),
        ("http://127.0.0.1:8181/databases/library/", "http://127.0.0.1:8181/databases/library/v1"),
        ("https://id-us-east1.apps.astra.datastax.com", "https://id-us-east1.apps.astra.datastax.com/api/json/v1"),
        ("https://data.example/api/json/v1?x=1", "https://data.example/api/json/v1"),
    ],
)
def test_the_path_of_a_database_is_added_where_it_is_missing(address: str, base: str) -> None:
    assert Comparison("id", address, None)._url(Target(None, "ks", "a b")) == f"{base}/ks/a%20b"


async def test_a_server_that_is_not_there_is_told_and_nobody_waits_for_it() -> None:
    told: list[Compared] = []
    comparison = Comparison("id", "http://127.0.0.1:1", SecretStr(OTHER_TOKEN), report=told.append)
    comparison.start()
    await comparison.offer(Answered(Target(), {}, b'{"findKeyspaces": {}}', 200, "application/json", b"{}"))
    await comparison.offer(Answered(Target(), {}, b"{", 200, "application/json", b"{}"))
    await comparison.stop(LONGEST_WAIT)
    assert [(compared.command, "did not answer" in compared.failure) for compared in told] == [
        ("findKeyspaces", True),
        ("", True),
    ]
    assert comparison.summary.unanswered == 2


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--compare", "ftp://there"], "not a web address"),
        (["--compare", "http://data.example"], "not encrypted"),
        (["--compare", "https://data.example"], "there is none here, or several"),
    ],
)
def test_what_cannot_be_compared_is_refused(program: Program, argv: list[str], words: str) -> None:
    if "several" not in words:
        program.done("databases", "create", "library")
    outcome = program("serve", "--port", "0", "--no-token", *argv)
    assert outcome.code == 2
    assert words in outcome.err
