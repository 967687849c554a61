"""Mutated requests against a running server: always a documented answer, never a fault of the program.

``python -m tests.serving.fuzz --count 100000`` runs it alone (``make fuzz``). A run is repeated with its seed.
"""

from __future__ import annotations

import argparse
import copy
import random
import resource
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import simplejson

from tests.serving.fuzz_tables import CREATE, TABLE, TABLE_SEEDS
from tests.support.served import KEYSPACE, TOKEN, Served, served

COLLECTION = "fuzzed"
PATHS = ("/v1", f"/v1/{KEYSPACE}", f"/v1/{KEYSPACE}/{COLLECTION}", f"/v1/{KEYSPACE}/{TABLE}")
STATUSES = frozenset({200, 400, 404, 405, 413, 415})
FAULTS = frozenset({"UNEXPECTED_SERVER_ERROR", "INTERNAL_SERVER_ERROR"})
SEEDS: tuple[tuple[int, dict[str, Any]], ...] = (
    (0, {"findKeyspaces": {}}),
    (0, {"createKeyspace": {"name": "spare", "options": {"replication": {"class": "SimpleStrategy"}}}}),
    (0, {"findEmbeddingProviders": {"options": {"filterModelStatus": "SUPPORTED"}}}),
    (1, {"createCollection": {"name": COLLECTION, "options": {"vector": {"dimension": 3, "metric": "cosine"}}}}),
    (
        1,
        {
            "createCollection": {
                "name": "other",
                "options": {"indexing": {"deny": ["a.b"]}, "defaultId": {"type": "uuid"}},
            }
        },
    ),
    (1, {"findCollections": {"options": {"explain": True}}}),
    (1, {"deleteCollection": {"name": "other"}}),
    (2, {"insertOne": {"document": {"a": {"b": [1, "x", None]}, "$vector": [0.1, 0.2, 0.3], "at": {"$date": 1}}}}),
    (2, {"insertMany": {"documents": [{"_id": 1, "n": 1.5}, {"_id": "x"}], "options": {"ordered": True}}}),
    (2, {"find": {"filter": {"n": {"$gt": 1}, "$or": [{"a.b": "x"}, {"c": None}]}, "options": {"limit": 3}}}),
    (2, {"find": {"sort": {"$vector": [1, 0, 0]}, "options": {"limit": 2, "includeSimilarity": True}}}),
    (2, {"find": {"sort": {"n": -1, "a.b": 1}, "projection": {"a": {"$slice": [1, 2]}}, "options": {"skip": 1}}}),
    (2, {"findOne": {"filter": {"_id": {"$in": [1, 2]}}, "projection": {"*": 1}}}),
    (2, {"updateOne": {"filter": {"_id": 1}, "update": {"$set": {"a.c": 1}, "$inc": {"n": 2}, "$push": {"l": 1}}}}),
    (
        2,
        {
            "updateMany": {
                "filter": {},
                "update": {"$mul": {"n": 1}, "$rename": {"c": "d"}},
                "options": {"upsert": True},
            }
        },
    ),
    (2, {"findOneAndUpdate": {"filter": {"n": 1}, "update": {"$addToSet": {"l": {"$each": [1, 2]}}}}}),
    (2, {"findOneAndReplace": {"filter": {"_id": 1}, "replacement": {"n": 2}, "options": {"returnDocument": "after"}}}),
    (2, {"findOneAndDelete": {"filter": {"_id": "gone"}}}),
    (2, {"deleteOne": {"filter": {"n": 1}, "sort": {"n": 1}}}),
    (2, {"deleteMany": {"filter": {"n": {"$exists": False}, "$not": {"x": {"$size": 0}}}}}),
    (2, {"countDocuments": {"filter": {"l": {"$all": [1]}}}}),
    (2, {"estimatedDocumentCount": {}}),
    (2, {"findAndRerank": {"sort": {"$hybrid": "x"}}}),
    (
        2,
        {
            "findAndRerank": {
                "filter": {"n": 1},
                "sort": {"$hybrid": {"$vector": [1, 0, 0], "$lexical": "x"}},
                "options": {"limit": 3, "hybridLimits": {"$vector": 4, "$lexical": 4}, "rerankOn": "a.b"},
            }
        },
    ),
    (2, {"find": {"filter": {"$lexical": {"$match": "x y"}}, "options": {"limit": 3}}}),
    (2, {"find": {"sort": {"$lexical": "x"}, "options": {"limit": 3}}}),
    (2, {"insertOne": {"document": {"_id": {"$uuid": "0" * 32}, "$lexical": "x y", "$vector": {"$binary": "AAAA"}}}}),
    (2, {"updateOne": {"filter": {"_id": 2}, "update": {"$setOnInsert": {"a": 1}, "$currentDate": {"t": True}}}}),
    (2, {"updateOne": {"update": {"$pop": {"l": -1}, "$unset": {"c": ""}, "$min": {"n": 1}, "$max": {"m": 2}}}}),
    (2, {"updateMany": {"update": {"$push": {"l": {"$each": [1], "$position": 1}}}, "options": {"pageState": "x"}}}),
    (0, {"findRerankingProviders": {"options": {"filterModelStatus": "SUPPORTED"}}}),
    (1, {"createCollection": {"name": "words", "options": {"lexical": {"enabled": True, "analyzer": "standard"}}}}),
    *TABLE_SEEDS,
)
"""Requests that are right: which of :data:`PATHS`, and the command."""

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 10**99, "", "x", " ", "\u0000", "\ud800", "é" * 50, "a.b", "&", "&.", "$x", "_id",
    "$vector", [], {}, [[]], [None], {"": 1}, {"$": 1}, {"$gt": 1}, {"$in": []}, {"$date": 0}, {"$date": "x"},
    {"$uuid": "x"}, {"$objectId": ""}, {"$binary": "!"}, {"$eq": {"$eq": 1}}, {"$each": 1}, ["x"] * 101, "y" * 9000,
    simplejson.loads("1e400", use_decimal=True), simplejson.loads("-0.0", use_decimal=True),
)  # fmt: skip
"""What takes the place of something right."""

KEYS = (
    "$set",
    "$vector",
    "$vectorize",
    "$lexical",
    "$gt",
    "$not",
    "$or",
    "_id",
    "",
    ".",
    "a..b",
    "a&",
    "options",
    "sort",
)


class Fuzzer:
    """Makes requests that are nearly right.

    Args:
        seed: The same requests come from the same seed.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - the same requests each time are the point

    def request(self) -> tuple[str, bytes]:
        """Return a path and a body."""
        level, command = self._random.choice(SEEDS)
        if self._random.random() < 0.03:
            level = self._random.randrange(len(PATHS))
        mutated = copy.deepcopy(command)
        for _ in range(self._random.randint(0, 3)):
            self._mutate(mutated)
        body = simplejson.dumps(mutated, use_decimal=True).encode()
        return PATHS[level], self._garbled(body) if self._random.random() < 0.15 else body

    def _mutate(self, value: Any) -> None:  # noqa: ANN401 - any JSON
        """Change one place, somewhere inside."""
        while isinstance(value, dict | list) and value:
            key = self._random.choice(list(value) if isinstance(value, dict) else range(len(value)))
            child = value[key]
            if isinstance(child, dict | list) and child and self._random.random() < 0.9:
                value = child
                continue
            self._change(value, key)
            return

    def _change(self, value: Any, key: Any) -> None:  # noqa: ANN401 - a container and one of its keys
        choice = self._random.randrange(4)
        if choice == 0 and isinstance(value, dict):
            value[self._random.choice(KEYS)] = value.pop(key)
        elif choice == 1 and isinstance(value, dict):
            value[self._random.choice(KEYS)] = copy.deepcopy(self._random.choice(VALUES))
        elif choice == 2:
            del value[key]
        else:
            value[key] = copy.deepcopy(self._random.choice(VALUES))

    def _garbled(self, body: bytes) -> bytes:
        place = self._random.randrange(len(body) + 1)
        junk = self._random.choice([b"", b'"', b"{", b"}", b",", b"\xff", b"\x00", b"# ", b"[" * 300, b"9" * 200, b"e"])
        return body[:place] + junk + body[place + self._random.randrange(3) :]


def fuzz(server: Served, count: int, *, seed: int) -> Counter[str]:
    """Send requests and return how often each code was answered; ``ok`` for none.

    Raises:
        AssertionError: An answer is none of the documented ones; the message has the request.
    """
    fuzzer, codes = Fuzzer(seed), Counter[str]()
    headers = {"Token": TOKEN, "Content-Type": "application/json"}
    with httpx.Client(base_url=server.address, headers=headers, timeout=10) as client:
        for number in range(count):
            if number % 500 == 0:
                client.post(PATHS[1], json=SEEDS[3][1])
                client.post(PATHS[2], json={"deleteMany": {}})
                client.post(PATHS[1], json=CREATE)
                client.post(PATHS[3], json={"deleteMany": {}})
            path, body = fuzzer.request()
            answer = client.post(path, content=body)
            about = f"seed {seed}, request {number}: {path} {body[:2000]!r}: {answer.status_code} {answer.text[:500]}"
            assert answer.status_code in STATUSES, about
            found = [str(error["errorCode"]) for error in answer.json().get("errors", ())]
            assert not FAULTS & set(found), about
            assert found or answer.status_code == 200, about
            codes.update(found or ["ok"])
    return codes


def main() -> int:
    """Fuzz a server of its own and print what it answered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "data") as server:
        fuzz(server, 5_000, seed=args.seed + 1)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        codes = fuzz(server, args.count, seed=args.seed)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    for code, times in codes.most_common():
        sys.stdout.write(f"{times:8d}  {code}\n")
    sys.stdout.write(f"memory: {grown // 1024} MB more at the peak than after the first 5,000 requests\n")
    return int(grown > 100 * 1024)


if __name__ == "__main__":
    raise SystemExit(main())
