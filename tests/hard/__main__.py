"""The parts of hard use: ``python -m tests.hard [--seed N] [PART …]``; without a part, all of them (``make hard``)."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import random
import sys

import tests.hard


def main() -> int:
    """Run the parts one after the other; return 0 when all of them held."""
    parts = sorted(one.name for one in pkgutil.iter_modules(tests.hard.__path__) if not one.name.startswith("_"))
    parser = argparse.ArgumentParser(prog="python -m tests.hard", description="Use the program hard.")
    parser.add_argument("part", nargs="*", choices=[*parts, []], help="what to run; everything by default")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="printed by each part")  # noqa: S311
    args = parser.parse_args()
    words = ["--seed", str(args.seed)]
    broken = [part for part in args.part or parts if importlib.import_module(f"tests.hard.{part}").main(words) != 0]
    sys.stdout.write(f"broken: {', '.join(broken)}\n" if broken else "everything held\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
