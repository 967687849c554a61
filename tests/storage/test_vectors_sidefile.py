import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from storage.shapes import Matrix, Metric, VectorSpec
from storage.vectors import stored_rows
from storage.vectors.arrays import Positions
from storage.vectors.index import EXACT_ROWS, IndexParts, VectorIndex
from storage.vectors.plain_file import StaleSideFileError, UnusableSideFileError
from storage.vectors.sidefile import PAGE, PREFIX, Stamp, check_history, read_side_file, side_file_path
from storage.vectors.sidefile_draft import SideFileDraft
from storage.vectors.source import ContainerState, Head
from storage.vectors.stored_rows import Budget
from tests.support.vectors import changes, clustered

DIMENSION = 5
COUNT = EXACT_ROWS + 500
SPEC = VectorSpec(DIMENSION, Metric.EUCLIDEAN)
STAMP = Stamp(container=3, vector="$vector", epoch=9, revision=44, head=Head(77, 45))


def index_of(rows: Matrix) -> VectorIndex:
    index = VectorIndex(SPEC)
    index.apply(changes(list(range(1, len(rows) + 1)), rows))
    while index.lacks_codes:
        index.encode_some()
    return index


def save(index: VectorIndex, path: Path) -> None:
    write(index.frozen(), path)


def write(frozen: tuple[IndexParts, Positions], path: Path) -> None:
    draft = SideFileDraft(path, *frozen)
    try:
        draft.publish(STAMP)
    finally:
        draft.discard()


def load(path: Path) -> VectorIndex:
    stamp, parts = read_side_file(path, STAMP, SPEC)
    assert stamp == STAMP
    return VectorIndex(SPEC, parts)


@pytest.fixture(scope="module")
def rows() -> Matrix:
    return clustered(COUNT, DIMENSION)


@pytest.fixture
def path(rows: Matrix, tmp_path: Path) -> Path:
    file = side_file_path(tmp_path / "vectors", 3, "$vector")
    save(index_of(rows), file)
    return file


def test_an_index_comes_back_as_it_was_saved(rows: Matrix, path: Path) -> None:
    before, after = index_of(rows), load(path)
    assert not after.lacks_codes
    assert after.bytes_in_memory == 0
    for query in clustered(10, DIMENSION, seed=4):
        assert after.search(query, 20) == before.search(query, 20)


def test_an_opened_index_takes_writes_without_touching_the_file(rows: Matrix, path: Path) -> None:
    written = path.read_bytes()
    index = load(path)
    fresh = np.eye(DIMENSION, dtype=np.float32) * 50
    index.apply(changes([1, COUNT + 1, COUNT + 2], fresh[:3], [2, 3]))
    while index.lacks_codes:
        index.encode_some()
    assert [hit.seq for hit in index.search(fresh[0], 1)] == [1]
    assert [hit.seq for hit in index.search(fresh[1], 1)] == [COUNT + 1]
    assert 2 not in [hit.seq for hit in index.search(rows[1], 50)]
    assert path.read_bytes() == written


@pytest.mark.parametrize("count", [30, COUNT])
def test_only_live_rows_are_saved_and_in_seq_order(tmp_path: Path, count: int) -> None:
    index = index_of(clustered(count, DIMENSION))
    late = clustered(3, DIMENSION, seed=5)
    index.apply(changes([10 * count, 2 * count], late[:2], [4, 5]))
    index.apply(changes([5 * count], late[2:], [6]))
    while index.lacks_codes:
        index.encode_some()
    before = [index.search(query, 40) for query in late]
    save(index, tmp_path / "file")
    after = load(tmp_path / "file")
    assert (len(after), after.dead, len(after.rows)) == (count, 0, count)
    assert [after.search(query, 40) for query in late] == before


def test_an_empty_index_can_be_saved(tmp_path: Path) -> None:
    save(VectorIndex(SPEC), tmp_path / "file")
    assert load(tmp_path / "file").search(np.zeros(DIMENSION, dtype=np.float32), 3) == []


def test_rows_written_while_an_index_is_being_saved_do_not_spoil_the_file(tmp_path: Path) -> None:
    index = index_of(clustered(30, DIMENSION))
    frozen = index.frozen()
    index.apply(changes([50], clustered(1, DIMENSION, seed=8), [7]))
    write(frozen, tmp_path / "file")
    assert len(load(tmp_path / "file")) == 30


def refusal(path: Path, wanted: Stamp = STAMP, spec: VectorSpec = SPEC) -> str:
    with pytest.raises(UnusableSideFileError) as caught:
        read_side_file(path, wanted, spec)
    return str(caught.value)


@pytest.mark.parametrize(
    ("wanted", "spec", "what"),
    [
        (replace(STAMP, container=4), SPEC, "container"),
        (replace(STAMP, vector="other"), SPEC, "vector"),
        (STAMP, replace(SPEC, dimension=6), "dimension"),
        (STAMP, replace(SPEC, metric=Metric.COSINE), "metric"),
    ],
)
def test_a_file_of_something_else_is_refused(path: Path, wanted: Stamp, spec: VectorSpec, what: str) -> None:
    assert what in refusal(path, wanted, spec)


def test_a_file_of_another_time_or_another_history_is_refused(path: Path) -> None:
    check_history(path, STAMP, ContainerState(epoch=9, head=Head(78, 50)))
    with pytest.raises(StaleSideFileError, match="older than its container"):
        check_history(path, STAMP, ContainerState(epoch=10, head=Head(78, 50)))
    with pytest.raises(UnusableSideFileError, match="another history"):
        check_history(path, STAMP, ContainerState(epoch=9, head=Head(78, 50), parted=True))


def test_a_missing_or_empty_file_is_refused(tmp_path: Path) -> None:
    assert "is not there" in refusal(tmp_path / "missing")
    (tmp_path / "empty").touch()
    assert "too short" in refusal(tmp_path / "empty")


def test_a_pipe_a_folder_or_a_device_in_its_place_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in refusal(tmp_path / "pipe")
    assert "not a regular file" in refusal(tmp_path)
    assert "not a regular file" in refusal(Path("/dev/zero"))


@pytest.mark.parametrize("kept", [1, 100, 4_096, 50_000, -1])
def test_a_torn_file_is_refused(path: Path, kept: int) -> None:
    os.truncate(path, kept if kept > 0 else path.stat().st_size + kept)
    assert refusal(path)


def test_a_file_that_was_never_finished_is_refused(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(bytes(4_096) + data[4_096:])
    assert "damaged header" in refusal(path)


def overwrite(path: Path, at: int) -> None:
    """Put other bytes into the file, near a position or, if negative, a distance from its end."""
    with path.open("r+b") as file:
        file.seek(at % path.stat().st_size // 4_096 * 4_096 + 8)
        file.write(b"other bytes than before")


@pytest.mark.parametrize("at", [0, 5_000, 200_000, 400_000, 1_000_000])
def test_damage_in_the_header_or_a_small_section_is_refused(path: Path, at: int) -> None:
    overwrite(path, at)
    assert "damaged" in refusal(path)


def sections(path: Path) -> dict[str, dict[str, int]]:
    page = path.read_bytes()[:PAGE]
    length = PREFIX.unpack_from(page)[1]
    found: dict[str, dict[str, int]] = json.loads(page[PREFIX.size : PREFIX.size + length])["sections"]
    return found


def swap(path: Path, section: str, size: int | None) -> None:
    """Let two neighbouring pieces of a section, or its halves, change places."""
    offset, whole = sections(path)[section]["offset"], sections(path)[section]["size"]
    size = size or whole // 8 * 4
    data = bytearray(path.read_bytes())
    first, second = data[offset : offset + size], data[offset + size : offset + 2 * size]
    assert first != second
    data[offset : offset + 2 * size] = second + first
    path.write_bytes(data)


@pytest.mark.parametrize("section", ["seqs", "weights", "center", "planes", "reach", "bias", "codes", "row_sums"])
@pytest.mark.parametrize("size", [None, 8])
def test_what_has_changed_places_in_a_section_is_noticed_at_opening(path: Path, section: str, size: int | None) -> None:
    swap(path, section, size)
    assert f"damaged in its {section}" in refusal(path)


def flip(path: Path) -> None:
    """Change the signs of two numbers of the first row."""
    offset = sections(path)["rows"]["offset"]
    data = bytearray(path.read_bytes())
    for at in (offset + 3, offset + 7):
        data[at] ^= 0x80
    path.write_bytes(data)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: swap(path, "rows", None),
        lambda path: swap(path, "rows", DIMENSION * 4),
        flip,
        lambda path: os.truncate(path, sections(path)["rows"]["offset"] + 10),
    ],
    ids=["halves", "two rows", "two signs", "cut short"],
)
@pytest.mark.parametrize("memory", [0, 1 << 30])
def test_no_damaged_row_is_used_before_it_was_checked(
    rows: Matrix, path: Path, spoil: Callable[[Path], None], memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_rows, "MEMORY", Budget(memory))
    whole, some, near = load(path).rows, load(path).rows, load(path)
    spoil(path)  # all three have opened it before
    with pytest.raises(UnusableSideFileError):
        list(whole.blocks(0, len(whole), 2_048))
    with pytest.raises(UnusableSideFileError):
        some.gather(np.array([0, 9_000]))
    with pytest.raises(UnusableSideFileError):
        near.search(rows[0], 1)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_file_is_closed_once_all_of_it_is_in_memory(path: Path) -> None:
    before = open_files()
    index = load(path)
    assert open_files() == before + 1
    stored = index.rows.stored
    assert stored is not None
    while stored.loadable:
        stored.load_some()
    assert index.rows.in_memory
    assert open_files() == before
    assert index.bytes_in_memory == 0, "they are in the file as well"


def test_files_and_their_folder_are_private(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(
    path: Path, rows: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()

    def full_disk(handle: int) -> None:
        raise OSError(28, f"No space left on device {handle}")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        save(index_of(rows[:10]), path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_drafts_of_a_killed_program_are_removed_at_the_next_save(path: Path, rows: Matrix) -> None:
    old, recent = path.with_name(f"{path.name}.1.part"), path.with_name(f"{path.name}.2.part")
    for draft in (old, recent):
        draft.touch()
    os.utime(old, (0, 0))
    save(index_of(rows[:10]), path)
    assert not old.exists()
    assert recent.exists()
