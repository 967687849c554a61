"""Secrets that are not stored: environment variables, files and commands, and how each can fail."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from storage.errors import SecretUnreadableError
from storage.secrets.references import SIZE_LIMIT, ReferenceKind, ReferenceReader, SecretReference
from tests.support.waiting import LONGEST_WAIT, until


async def read(kind: ReferenceKind, target: str, reader: ReferenceReader | None = None) -> str:
    secret = await (reader or ReferenceReader()).read(SecretReference(kind, target))
    assert str(secret) == "**********"
    return secret.get_secret_value()


async def failure(kind: ReferenceKind, target: str, reader: ReferenceReader | None = None) -> SecretUnreadableError:
    with pytest.raises(SecretUnreadableError) as caught:
        await read(kind, target, reader)
    return caught.value


def python(program: str) -> str:
    """A command line that runs a Python program."""
    return f"{sys.executable} -c '{program}'"


@pytest.mark.parametrize(
    ("kind", "label"),
    [(ReferenceKind.ENVIRONMENT, "$X"), (ReferenceKind.FILE, "file X"), (ReferenceKind.COMMAND, "command X")],
)
def test_a_reference_is_shown_as_what_it_is(kind: ReferenceKind, label: str) -> None:
    assert SecretReference(kind, "X").label == label


async def test_a_variable_of_the_process_is_read_at_each_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTROLABE_TEST_TOKEN", " one\n")
    reader = ReferenceReader()
    assert await read(ReferenceKind.ENVIRONMENT, "ASTROLABE_TEST_TOKEN", reader) == "one"
    monkeypatch.setenv("ASTROLABE_TEST_TOKEN", "two")
    assert await read(ReferenceKind.ENVIRONMENT, "ASTROLABE_TEST_TOKEN", reader) == "two"


async def test_a_variable_that_is_missing_or_empty_is_reported() -> None:
    reader = ReferenceReader(environment={"EMPTY": " "})
    error = await failure(ReferenceKind.ENVIRONMENT, "HF_TOKEN", reader)
    assert error.message == "The environment variable HF_TOKEN is not set."
    assert "Set HF_TOKEN" in error.hint
    assert "EMPTY is empty" in (await failure(ReferenceKind.ENVIRONMENT, "EMPTY", reader)).message


async def test_a_file_is_read_without_its_last_line_break(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_bytes(b"hf_one\r\n")
    assert await read(ReferenceKind.FILE, str(tmp_path / "token")) == "hf_one"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert await read(ReferenceKind.FILE, "~/token") == "hf_one"


async def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hf_one")
    (tmp_path / "link").symlink_to(tmp_path / "token")
    assert await read(ReferenceKind.FILE, str(tmp_path / "link")) == "hf_one"


async def test_a_file_that_holds_no_secret_is_reported(tmp_path: Path) -> None:
    target = tmp_path / "token"
    expected = {
        b"": "is empty",
        b" \n": "is empty",
        b"\xff\xfehf_secret": "not text in UTF-8",
        b"x" * (SIZE_LIMIT + 1): "more than 65536 bytes",
    }
    for content, words in expected.items():
        target.write_bytes(content)
        error = await failure(ReferenceKind.FILE, str(target))
        assert words in error.message
        assert "hf_secret" not in repr(error) + repr(error.__cause__) + repr(error.__context__)


async def test_what_is_not_a_readable_file_is_reported_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in (await failure(ReferenceKind.FILE, str(tmp_path / "pipe"))).message
    assert "cannot be read" in (await failure(ReferenceKind.FILE, str(tmp_path))).message
    assert "No such file" in (await failure(ReferenceKind.FILE, str(tmp_path / "gone"))).message
    assert "cannot be read" in (await failure(ReferenceKind.FILE, "a\0b")).message


async def test_the_first_line_of_a_commands_output_is_the_secret() -> None:
    assert await read(ReferenceKind.COMMAND, "printf ' hf_one \\nuser: ada\\n'") == "hf_one"


async def test_a_command_runs_without_a_shell() -> None:
    assert await read(ReferenceKind.COMMAND, "echo $HOME; 'a b' | `id`") == "$HOME; a b | `id`"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("false", "failed with exit code 1"),
        ("true", "is empty"),
        ("/nowhere/pass show hf", "cannot be run"),
        ("pass 'show", "cannot be run"),
        ("  ", "cannot be run"),
        ("printf '\\377'", "not text in UTF-8"),
    ],
)
async def test_a_command_that_gives_no_secret_is_reported(command: str, words: str) -> None:
    error = await failure(ReferenceKind.COMMAND, command)
    assert words in error.message


async def test_what_a_failing_command_prints_is_not_repeated() -> None:
    error = await failure(ReferenceKind.COMMAND, python('import sys; print("hf_secret"); sys.exit("hf_secret")'))
    assert "failed with exit code 1" in error.message
    assert error.message.count("hf_secret") == 2, "only in the command itself"


async def test_a_command_that_asks_something_is_given_up() -> None:
    error = await failure(ReferenceKind.COMMAND, "sleep 3600", ReferenceReader(time_limit=0.05))
    assert "did not end within 0.05 seconds" in error.message


async def test_a_command_that_never_stops_printing_is_stopped() -> None:
    error = await failure(ReferenceKind.COMMAND, "yes hf", ReferenceReader(time_limit=LONGEST_WAIT))
    assert "more than 65536 bytes" in error.message


async def test_a_cancelled_read_stops_its_command_and_the_commands_children(tmp_path: Path) -> None:
    note = tmp_path / "pids"
    program = (
        'import os,subprocess; child=subprocess.Popen(["sleep","60"]); '
        f'open("{note}","w").write(f"{{os.getpid()}} {{child.pid}} "); child.wait()'
    )
    task = asyncio.create_task(read(ReferenceKind.COMMAND, python(program)))
    await until(lambda: note.exists() and note.read_text().endswith(" "))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: all(has_ended(int(number)) for number in note.read_text().split()))


def has_ended(process: int) -> bool:
    """Whether a process is gone; a zombie that its new parent has yet to collect has ended too."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"
