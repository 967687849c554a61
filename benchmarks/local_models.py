"""The two models of the Embedded provider beside each other: speed, latency, and what they find.

Both embed the same texts in the same run, in turns, so that the ratios hold when the machine is busy. What they find is
asked of the sample, the modules of Python's standard library, with paraphrases that avoid the modules' own words.

    python -m benchmarks.local_models                 64 texts, three rounds
    python -m benchmarks.local_models --texts 256 --rounds 5
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from astrolabe.loading.sample import SAMPLE_VECTOR_FIELD, sample_file
from astrolabe.providers.catalogue.catalogue import EMBEDDED, load_catalogue
from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec, ModelInfo
from astrolabe.providers.embedding.engine import EmbeddingEngine
from benchmarks.machine import machine_line
from storage.shapes import Matrix

QUESTIONS: dict[str, set[str]] = {
    "deliver an electronic letter": {"smtplib", "email"},
    "shrink a file so that it takes less room": {"gzip", "zlib", "bz2", "lzma", "zipfile", "tarfile"},
    "what day is it in another part of the world": {"zoneinfo", "datetime", "calendar"},
    "throw a die": {"random", "secrets"},
    "fetch a page from the web": {"urllib", "http"},
    "do several things at the same moment": {"threading", "asyncio", "concurrent", "multiprocessing"},
    "keep rows and columns in one file that can be queried": {"sqlite3"},
    "read a spreadsheet that was saved with commas": {"csv"},
    "find out which part of my program wastes the most time": {"profile", "cProfile", "pstats", "timeit"},
    "make sure that my functions give the right answers": {"unittest", "doctest"},
    "whole and fractional amounts without rounding mistakes": {"decimal", "fractions"},
    "fingerprint of a file to see whether it was altered": {"hashlib", "hmac"},
    "start another program and look at its output": {"subprocess"},
    "understand the options that somebody typed after the command": {"argparse", "optparse", "getopt"},
    "typical value and spread of measurements": {"statistics"},
    "search for a pattern of characters": {"re"},
}
"""Paraphrases, and the modules that answer them."""

SECONDS_A_QUERY = 20
"""Queries that the latency is the median of."""


class Subject:
    """One model, ready to embed."""

    def __init__(self, engine: EmbeddingEngine, model: ModelInfo) -> None:
        self._engine = engine
        self.name = model.name
        self._spec = EmbeddingSpec(EMBEDDED, model.name, model.dimension or 0, _parameters(model))

    async def embed(self, texts: list[str], direction: Direction = Direction.STORE) -> Matrix:
        """Return the vectors of texts."""
        return await self._engine.embed(self._spec, texts, direction, None)

    async def seconds(self, texts: list[str]) -> float:
        """Return how long embedding takes."""
        started = time.perf_counter()
        await self.embed(texts)
        return time.perf_counter() - started

    async def found(self, ids: list[str], texts: list[str]) -> tuple[float, float, float]:
        """Return recall at 1 and 5, and the mean reciprocal rank among the first ten."""
        stored = await self.embed(texts)
        asked = await self.embed(list(QUESTIONS), Direction.QUERY)
        ranks = []
        for vector, accepted in zip(asked, QUESTIONS.values(), strict=True):
            best = [ids[at].partition(".")[0] for at in np.argsort(-(stored @ vector))]
            ranks.append(next(place for place, name in enumerate(best, start=1) if name in accepted))
        count = len(ranks)
        at_one, at_five = (sum(rank <= most for rank in ranks) / count for most in (1, 5))
        return at_one, at_five, sum(1 / rank for rank in ranks if rank <= 10) / count


def _parameters(model: ModelInfo) -> dict[str, bool]:
    return {"autoTruncate": True} if model.context_tokens else {}


async def measure(texts: int, rounds: int) -> None:
    """Measure every model that is here, and print."""
    catalogue = load_catalogue()
    engine = EmbeddingEngine(catalogue)
    models = catalogue.get(EMBEDDED).models
    for model in models:
        if not model.available:
            print(model.unavailable_reason)
    subjects = [Subject(engine, model) for model in models if model.available]
    with tempfile.TemporaryDirectory() as folder:
        lines = sample_file(Path(folder)).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    ids, contents = [row["_id"] for row in rows], [row[SAMPLE_VECTOR_FIELD] for row in rows]
    some = (contents * (texts // len(contents) + 1))[:texts]
    print(machine_line())
    loading = {subject.name: await subject.seconds(["warm"]) for subject in subjects}
    seconds: dict[str, list[float]] = {subject.name: [] for subject in subjects}
    for _ in range(rounds):
        for subject in subjects:
            seconds[subject.name].append(await subject.seconds(some))
    print(f"{'model':28} {'load s':>7} {'texts/s':>9} {'query ms':>9} {'R@1':>6} {'R@5':>6} {'MRR@10':>7}")
    speeds = []
    for subject in subjects:
        speed = texts / statistics.median(seconds[subject.name])
        speeds.append(speed)
        query = statistics.median([await subject.seconds(["how do I send a letter"]) for _ in range(SECONDS_A_QUERY)])
        one, five, reciprocal = await subject.found(ids, contents)
        figures = (
            f"{loading[subject.name]:7.2f} {speed:9.1f} {query * 1000:9.2f} {one:6.2f} {five:6.2f} {reciprocal:7.3f}"
        )
        print(f"{subject.name:28} {figures}")
    if len(speeds) > 1:
        print(f"{subjects[1].name} embeds at {speeds[1] / speeds[0]:.4f} of the speed of {subjects[0].name}")
    await engine.close()


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    asyncio.run(measure(args.texts, args.rounds))


if __name__ == "__main__":
    main()
