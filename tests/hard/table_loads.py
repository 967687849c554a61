"""Twenty kills of a load into a table with two vector columns and five indexes.

    python -m tests.hard.table_loads [--kills 20] [--rows 5000] [--seed N]

After each: the file is sound, every acknowledged row is there with both vectors, each index finds exactly the rows, and
the ledger is not ahead of the table; the load that is let to its end has every row once.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.loading.table_kills import kill_loads


def main(words: Sequence[str] | None = None) -> int:
    """Kill the loads; return 0 when everything held."""
    parser = argparse.ArgumentParser(prog="python -m tests.hard.table_loads", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311 - dice, not secrets
    args = parser.parse_args(words)
    sys.stdout.write(f"table loads: {args.kills} kills, seed {args.seed}\n")
    with tempfile.TemporaryDirectory() as folder:
        try:
            midway = asyncio.run(kill_loads(Path(folder), args.rows, args.kills, args.seed))
        except AssertionError as broken:
            sys.stdout.write(f"table loads: BROKEN: {broken}\n")
            return 1
    sys.stdout.write(f"table loads: {midway} of {args.kills} kills hit the load midway; every row is there once\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
