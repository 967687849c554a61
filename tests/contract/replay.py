"""Sends the exchanges that were recorded from a real server to ours, in process, and compares the answers.

``python -m tests.contract.replay`` (``make compat``) prints a table by command; with ``--differences`` it prints every
difference, too, and with ``--write`` the tables go to ``docs/compatibility.md``, with the reasons of what is known to
differ. They stand in a file beside the contract: name of the exchange -> reason.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import httpx
import simplejson
from pydantic import SecretStr

from astrolabe.dataapi.compare import Answer, Comparer, Difference
from astrolabe.dataapi.engine.limits import DatabaseLimits
from astrolabe.dataapi.protocol import JsonValue
from astrolabe.portal.organization import DatabaseDraft
from astrolabe.serving.app import DataApiApp, Policy
from astrolabe.serving.authorization import Gate
from astrolabe.serving.records import RequestRecord
from astrolabe.workspace import Workspace, WorkspaceOptions
from tests.contract.recording import Exchange, read_exchanges

HERE = Path(__file__).parent
TOKEN = "AstraCS:contract:sentinel-Kq8Vb3"
CONTRACTS = ("collections", "tables")
PAGE = HERE.parents[1] / "docs" / "compatibility.md"
INTRODUCTION = """# Beside a real Data API

What was sent to a running Data API server, and what it answered, was recorded: 1,021 exchanges on collections and 830
on tables. `make compat` sends the same requests to ours, from an empty database, and compares status, data, error
codes, titles and warnings. Ids that a server makes up, page states, the order of what nobody put in order and the words
of messages are passed over. Written by `make compat COMPAT=--write`.
"""
LIFTED = DatabaseLimits(collections=1000, indexes=10_000)


@dataclass(frozen=True)
class Outcome:
    """One exchange, our answer, where it differs, and what the server's log was told."""

    exchange: Exchange
    found: Answer
    differences: Sequence[Difference]
    record: RequestRecord


def recorded(contract: str) -> list[Exchange]:
    """Return the exchanges of a contract, in order."""
    with (HERE / f"{contract}-contract.jsonl").open(encoding="utf-8") as lines:
        return list(read_exchanges(lines))


def known_differences(contract: str) -> Mapping[str, str]:
    """Return the exchanges that are known to differ, each with its reason."""
    found: Mapping[str, str] = json.loads((HERE / f"{contract}-differences.json").read_text("utf-8"))
    return found


async def replay(exchanges: Sequence[Exchange], folder: Path) -> list[Outcome]:
    """Send every request to a server with an empty database in ``folder``, with the Token header alone.

    The ids that it makes up come from a seed: some recorded documents differ in nothing but such ids, and which of them
    stands for which is then the same in every run.
    """
    seeded = random.Random(1)  # noqa: S311 - no secret
    with patch.object(uuid, "uuid4", lambda: uuid.UUID(int=seeded.getrandbits(128), version=4)):
        return await _replayed(exchanges, folder)


async def _replayed(exchanges: Sequence[Exchange], folder: Path) -> list[Outcome]:
    async with Workspace.opened(WorkspaceOptions(folder, limits=LIFTED)) as workspace:
        await workspace.create_database(DatabaseDraft("contract"))
        records: list[RequestRecord] = []
        gate = Gate(workspace.tokens, only=SecretStr(TOKEN))
        app = DataApiApp(workspace, gate, Policy(), report=records.append)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", trust_env=False) as client:
            comparer = Comparer()
            return [await _exchange(client, comparer, exchange, records) for exchange in exchanges]


async def _exchange(
    client: httpx.AsyncClient, comparer: Comparer, exchange: Exchange, records: Sequence[RequestRecord]
) -> Outcome:
    request = exchange.request
    text = request if isinstance(request, str) else _written(comparer.translate(request))
    headers = {"Token": TOKEN, "Content-Type": "application/json"}
    response = await client.post(exchange.path, content=text.encode(), headers=headers)
    found = Answer.read(response.status_code, response.headers.get("content-type", ""), response.content)
    return Outcome(exchange, found, comparer.compare(request, exchange.answer, found), records[-1])


def _written(request: JsonValue) -> str:
    """Return a request's text with the digits it was recorded with, and ``NaN`` where it was sent."""
    text: str = simplejson.dumps(request, use_decimal=True, allow_nan=True)
    return text


def table(outcomes: Sequence[Outcome], known: Mapping[str, str]) -> list[str]:
    """Return the lines of the table: by command, how many answers are equal, differ for a known reason, and else."""
    columns: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        equal = "equal" if not outcome.differences else "known" if outcome.exchange.name in known else "differ"
        columns.setdefault(outcome.exchange.command, Counter())[equal] += 1
    lines = ["| Command | Sent | Equal | Known to differ | Differ |", "|---|--:|--:|--:|--:|"]
    for command, counts in [*sorted(columns.items()), ("**all**", sum(columns.values(), Counter()))]:
        row = (counts.total(), counts["equal"], counts["known"], counts["differ"])
        lines.append(f"| {command} | {' | '.join(map(str, row))} |")
    return lines


def reasons(known: Mapping[str, str]) -> list[str]:
    """Return the lines of a list: every reason, and the exchanges that differ for it."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in known.items():
        by_reason.setdefault(reason, []).append(f"`{name}`")
    return [f"- {reason} {', '.join(names)}" for reason, names in by_reason.items()]


def main() -> None:
    """Replay both contracts, or the ones that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contracts", nargs="*", metavar="contract", help="collections or tables; both without one")
    parser.add_argument("--differences", action="store_true", help="print every difference that is not known")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    arguments = parser.parse_args()
    page = [INTRODUCTION]
    for contract in arguments.contracts or CONTRACTS:
        known = known_differences(contract)
        with tempfile.TemporaryDirectory() as folder:
            outcomes = asyncio.run(replay(recorded(contract), Path(folder) / "data"))
        lines = [f"## {contract.capitalize()}", "", *table(outcomes, known), ""]
        print("\n".join(lines))  # noqa: T201 - the program's output
        page += [*lines, *(["What is known to differ:", "", *reasons(known), ""] if known else [])]
        for outcome in outcomes if arguments.differences else ():
            if outcome.differences and outcome.exchange.name not in known:
                shown = "\n    ".join(map(str, outcome.differences[:6]))
                print(f"\n{outcome.exchange.name} {_written(outcome.exchange.request)[:400]}\n    {shown}")  # noqa: T201
    if arguments.write:
        PAGE.write_text("\n".join(page), encoding="utf-8")


if __name__ == "__main__":
    main()
