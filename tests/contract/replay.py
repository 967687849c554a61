"""Sends the exchanges that were recorded from a real server to ours, in process, and compares the answers.

``python -m tests.contract.replay`` (``make compat``) prints a table by command for each of three tiers, and writes
``docs/compatibility.md``: the tables, and what is known to differ. That stands in files beside the contracts: the
name of an exchange and the number of a decision in one, the decisions in another. With the name of a contract only
that one is replayed, and nothing is written; ``--differences`` prints every difference that nobody has decided on.
The exit code is 1 when there is one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
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

from astrolabe.dataapi.compare import Answer, Comparer, Difference, Tier
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

Requests were sent to a running Data API server, and what it answered was recorded: 1,021 exchanges on collections and
830 on tables. The server was the open-source Data API 1.0.51-SNAPSHOT of August 2026, with Cassandra 5.0.6 behind it;
the recording is of 27 November 2026. `make compat` sends the same requests to this server, from an empty database,
and writes this page.

An answer counts in a column when it is equal in that and in those to its left:

- **Answers**: the status of HTTP, data and their shape, counts, numbers with their kind.
- **Errors**: how many there are, with family, scope, code, title and ids of documents.
- **Warnings, order, texts**: warnings; the order that a sort asks for and that of a primary key; messages name what
  the request named, where theirs do.

Ids that a server makes up, page states, the order of what nobody put in order and the words of messages are passed
over. Every other difference has been decided on; the numbers behind the tables are those of the
[decisions](#decisions). `astrolabe serve --compare URL` compares in the same way [while programs use the
server](guides/serve.md#beside-another-server).
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


def known_differences(contract: str) -> Mapping[str, int]:
    """Return the exchanges that are known to differ, each with the number of the decision that says why."""
    found: Mapping[str, int] = json.loads((HERE / f"{contract}-differences.json").read_text("utf-8"))
    return found


def decisions() -> Mapping[int, str]:
    """Return the decisions on what differs, by number."""
    return {int(number): words for number, words in json.loads((HERE / "decisions.json").read_text("utf-8")).items()}


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


def errors_told(outcomes: Sequence[Outcome]) -> int:
    """Check that each line of the log has the status and the code of its answer; return how many were errors."""
    for outcome in outcomes:
        errors, told = outcome.found.body.get("errors", []), outcome.record
        assert (told.status, told.error) == (outcome.found.status, errors[0]["errorCode"] if errors else "")
        if outcome.exchange.command != "(raw)":
            assert told.command in {outcome.exchange.command, ""}  # what is no JSON for us has no command
    return sum(bool(outcome.record.error) for outcome in outcomes)


def _written(request: JsonValue) -> str:
    """Return a request's text with the digits it was recorded with, and ``NaN`` where it was sent."""
    text: str = simplejson.dumps(request, use_decimal=True, allow_nan=True)
    return text


def table(outcomes: Sequence[Outcome], known: Mapping[str, int]) -> list[str]:
    """Return the lines of the table: by command, how many are equal up to each tier, known to differ, and else."""
    columns: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        counted = columns.setdefault(outcome.exchange.command, Counter(sent=0))
        counted["sent"] += 1
        worst = min((difference.tier for difference in outcome.differences), default=None)
        for tier in Tier:
            counted[tier.name] += worst is None or tier < worst
        if outcome.differences:
            counted["known" if outcome.exchange.name in known else "differ"] += 1
    lines = [
        "| Command | Sent | Answers | Errors | Warnings, order, texts | Decided | Else |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for command, counts in [*sorted(columns.items()), ("**all**", sum(columns.values(), Counter()))]:
        row = (counts[name] for name in ("sent", *Tier.__members__, "known", "differ"))
        lines.append(f"| {command} | {' | '.join(map(str, row))} |")
    return lines


def _decided(known: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return the lines about the decisions: what differs, and the exchanges that do."""
    lines = ["## Decisions", "", "| | What differs, and why | Exchanges |", "|--:|---|---|"]
    for number, words in decisions().items():
        names = [f"`{name}`" for found in known.values() for name, its in found.items() if its == number]
        lines.append(f"| {number} | {words} | {', '.join(names)} |")
    return [
        *lines,
        "",
        "The first thirty-six numbers are those of the list that was made when the two servers first ran side by side;",
        "what is not here of them was copied. [0020](decisions/0020-data-api.md) and [0022](decisions/0022-tables.md)",
        "say more.",
        "",
    ]


def _unknown(outcomes: Sequence[Outcome], known: Mapping[str, int]) -> list[str]:
    """Return every difference that nobody has decided on, with its request."""
    return [
        "\n    ".join((f"{outcome.exchange.name} {_written(outcome.exchange.request)[:400]}", *shown))
        for outcome in outcomes
        if outcome.differences and outcome.exchange.name not in known
        for shown in [map(str, outcome.differences[:6])]
    ]


def main() -> int:
    """Replay both contracts and write the page, or the ones that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contracts", nargs="*", metavar="contract", help="collections or tables; both without one")
    parser.add_argument("--differences", action="store_true", help="print every difference that nobody has decided on")
    arguments = parser.parse_args()
    page, undecided = [INTRODUCTION], 0
    for contract in arguments.contracts or CONTRACTS:
        known = known_differences(contract)
        with tempfile.TemporaryDirectory() as folder:
            outcomes = asyncio.run(replay(recorded(contract), Path(folder) / "data"))
        lines = [f"## {contract.capitalize()}", "", *table(outcomes, known), ""]
        unknown = _unknown(outcomes, known)
        undecided += len(unknown)
        print("\n".join([*lines, *(unknown if arguments.differences else [])]))  # noqa: T201 - the program's output
        page += lines
    if not arguments.contracts:
        page += _decided({contract: known_differences(contract) for contract in CONTRACTS})
        PAGE.write_text("\n".join(page), encoding="utf-8")
    return 1 if undecided else 0


if __name__ == "__main__":
    sys.exit(main())
