"""The sample: the Python library's own documentation, found by its meaning."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
import simplejson

from astrolabe.dataapi.protocol import Json
from astrolabe.errors import LoadError
from astrolabe.loading import sample
from astrolabe.loading.sample import SAMPLE_COLLECTION, SAMPLE_VECTOR_FIELD, sample_file
from astrolabe.portal.organization import DEFAULT_KEYSPACE, DatabaseDraft
from astrolabe.workspace import Workspace, WorkspaceOptions


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Json]:
    """The sample's documents."""
    path = sample_file(tmp_path_factory.mktemp("sample"))
    return [simplejson.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_few_hundred_modules_with_what_they_are_for(found: list[Json]) -> None:
    by_id = {document["_id"]: document for document in found}
    assert 200 < len(found) == len(by_id) < 500
    assert [document["_id"] for document in found] == sorted(by_id)
    assert by_id["smtplib"]["kind"] == "module"
    assert by_id["email"]["kind"] == "package"
    assert by_id["math"]["kind"] == "built-in"
    assert by_id["concurrent.futures"]["package"] == "concurrent"
    assert "SMTP" in by_id["smtplib"][SAMPLE_VECTOR_FIELD]
    assert all(30 <= len(document[SAMPLE_VECTOR_FIELD]) <= 1200 for document in found)
    assert not by_id.keys() & {"antigravity", "this", "test", "idlelib"}


async def test_no_module_is_imported_for_it(tmp_path: Path) -> None:
    code = """if True:
        import sys
        from pathlib import Path
        from astrolabe.loading.sample import sample_file
        before = set(sys.modules)
        sample_file(Path(sys.argv[1]))
        print(*sorted(set(sys.modules) - before))
    """
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await run.communicate()
    assert run.returncode == 0
    imported = {name for name in output.decode().split() if not name.startswith("_")}
    assert imported <= set(sample._BUILT_IN)
    # The same interpreter writes the same, whatever else it has imported.
    (tmp_path / "here").mkdir()
    assert sample_file(tmp_path / "here").read_bytes() == (tmp_path / "python_library.jsonl").read_bytes()


def test_an_interpreter_without_sources_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "_library", lambda: tmp_path)
    monkeypatch.setattr(sample, "_BUILT_IN", ())
    with pytest.raises(LoadError, match="without the source files"):
        sample_file(tmp_path)


async def test_send_an_e_mail_finds_smtplib_near_the_top(tmp_path: Path, found: list[Json]) -> None:
    async with Workspace.opened(WorkspaceOptions(tmp_path / "data")) as workspace:
        database = await workspace.create_database(DatabaseDraft("library"))
        assert await workspace.create_sample(database, DEFAULT_KEYSPACE) == SAMPLE_COLLECTION
        collection = (await workspace.client(database)).collection(DEFAULT_KEYSPACE, SAMPLE_COLLECTION)
        assert await collection.estimated_count() == len(found)
        for query, expected in (("send an e-mail", "smtplib"), ("read a CSV file", "csv"), ("compress files", "gzip")):
            page = await collection.find(sort={"$vectorize": query}, limit=5, include_similarity=True)
            assert expected in [document["_id"] for document in page.documents]
        page = await collection.find(sort={"$lexical": "compress files"}, limit=5)
        assert "gzip" in [document["_id"] for document in page.documents]
