"""One walk through the commands of a collection: what snippets of every language are run with."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from astrolabe.dataapi.activity import ActivityEntry, display_copy
from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.protocol import JsonValue
from tests.support.served import CREDENTIAL, KEYSPACE, PROVIDER

COLLECTION = "snippets"
HOSTILE = "a red \"bicycle\" with 'quotes', ${dollars} and \\ and \n lines \u2028 \U0001f6b2"

_SERVICE = {
    "provider": PROVIDER,
    "modelName": "endpoint-defined-model",
    "authentication": {"providerKey": CREDENTIAL},
    "parameters": {"endpointName": "e", "regionName": "r", "cloudName": "aws"},
}
_CREATE = {
    "name": COLLECTION,
    "options": {"defaultId": {"type": "uuid"}, "vector": {"dimension": 8, "metric": "cosine", "service": _SERVICE}},
}
_DOCUMENTS = [
    {"_id": "a", "$vectorize": HOSTILE, "price": Decimal("1.50")},
    {"_id": "b", "$vectorize": "café", "tags": ["x", None, True], "nested": {"deep": {"er": list(range(40))}}},
    {"_id": "c", "price": 3},
]


@dataclass(frozen=True, slots=True)
class Walked:
    """A command of the walk, and a word that what it prints has in every language."""

    planned: PlannedCommand
    word: str = ""


def _on(verb: str, word: str = "", /, **content: JsonValue) -> Walked:
    return Walked(PlannedCommand({verb: content}, KEYSPACE, COLLECTION), word)


WALK: tuple[Walked, ...] = (
    Walked(PlannedCommand({"findKeyspaces": {}}), "default_keyspace"),
    Walked(PlannedCommand({"findRerankingProviders": {}}), "rerankingProviders"),
    Walked(PlannedCommand({"createCollection": _CREATE}, KEYSPACE)),
    Walked(PlannedCommand({"findCollections": {"options": {"explain": True}}}, KEYSPACE), COLLECTION),
    _on("insertMany", documents=_DOCUMENTS, options={"ordered": True}),
    _on("insertOne", document={"_id": "d", "$vector": [0.5, -1.0, 0, 0, 0, 0, 0, Decimal("0.001")]}),
    _on(
        "find",
        "café",
        sort={"$vectorize": "café"},
        projection={"*": 1},
        options={"limit": 2, "includeSimilarity": True},
    ),
    _on(
        "find",
        "tags",
        filter={"$or": [{"tags": "x"}, {"price": {"$in": [1, None]}}]},
        options={"includeSortVector": True},
    ),
    _on("findOne", "price", filter={"price": {"$gt": 2}}, projection={"price": 1, "_id": 0}),
    _on("findOne", "bicycle", filter={"$vectorize": {"$exists": True}, "_id": "a"}, projection={"$vectorize": 1}),
    _on("updateOne", filter={"_id": "d"}, update={"$set": {"n": None}}),
    _on("updateOne", filter={"_id": "d"}, update={"$set": {"score": 8, "list": [1, 2], "gone": 1}}),
    _on(
        "updateOne",
        filter={"_id": "d"},
        update={
            "$min": {"least": 3},
            "$max": {"score": 9},
            "$mul": {"factor": 2},
            "$rename": {"gone": "came"},
            "$push": {"list": {"$each": [8, 9], "$position": 1}},
            "$addToSet": {"set": "once"},
        },
    ),
    _on("updateOne", filter={"_id": "d"}, update={"$pop": {"list": -1}, "$unset": {"came": ""}, "$inc": {"score": 1}}),
    _on("findOne", "8", filter={"_id": "d"}, projection={"list": 1, "score": 1, "_id": 0}),
    _on(
        "updateOne",
        filter={"_id": "f"},
        update={"$setOnInsert": {"new": True}, "$currentDate": {"at": True}},
        options={"upsert": True},
    ),
    _on("deleteOne", filter={"_id": "f"}),
    _on("insertOne", document={"_id": "h", "$hybrid": "a green kettle"}),
    _on("find", "kettle", filter={"$lexical": {"$match": "kettle"}}, projection={"*": 1}),
    _on(
        "findAndRerank",
        "kettle",
        sort={"$hybrid": "kettle"},
        projection={"*": 1},
        options={"limit": 2, "includeScores": True},
    ),
    _on("deleteOne", filter={"_id": "h"}),
    _on("updateMany", filter={"_id": "e"}, update={"$set": {"n": 1}}, options={"upsert": True}),
    _on("findOneAndUpdate", "n", filter={"_id": "e"}, update={"$inc": {"n": 1}}, options={"returnDocument": "after"}),
    _on("findOneAndReplace", "n", filter={"_id": "e"}, replacement={"m": True}),
    _on("findOneAndDelete", "m", filter={"_id": "e"}),
    _on("countDocuments", "4", filter={}),
    _on("estimatedDocumentCount", "4"),
    _on("deleteOne", filter={"_id": "a"}),
    _on("deleteMany", filter={"_id": "b"}),
    Walked(PlannedCommand({"deleteCollection": {"name": COLLECTION}}, KEYSPACE)),
)
"""Every command on collections, in an order in which each finds something to do."""


def programs(language_texts: Iterator[str]) -> dict[str, str]:
    """Return the walk's programs by a name that is also a file's."""
    return {f"s{number:02}": text for number, text in enumerate(language_texts)}


def not_sent(entries: tuple[ActivityEntry, ...], walk: tuple[Walked, ...] = WALK) -> list[PlannedCommand]:
    """Return the commands of a walk that no entry says as they were planned; clients may add options."""
    return [walked.planned for walked in walk if not any(_says(entry.planned, walked.planned) for entry in entries)]


def _says(sent: PlannedCommand, planned: PlannedCommand) -> bool:
    target = (planned.keyspace, planned.name)
    return (sent.keyspace, sent.name) == target and _contains(sent.command, display_copy(planned).command)


def _contains(sent: JsonValue, planned: JsonValue) -> bool:
    """Return whether ``sent`` has all that was planned; an empty object may be left out, a type be a word."""
    if (isinstance(sent, str) != isinstance(planned, str) and {"type": sent} == planned) or sent == {"type": planned}:
        return True
    if isinstance(planned, dict) and isinstance(sent, dict):
        return all(_contains(sent.get(key, {} if value == {} else None), value) for key, value in planned.items())
    if isinstance(planned, list) and isinstance(sent, dict) and "$binary" in sent:  # how some clients write vectors
        return bool(
            np.allclose(np.frombuffer(b64decode(str(sent["$binary"])), dtype=">f4"), [float(str(x)) for x in planned])
        )
    if isinstance(planned, list) and isinstance(sent, list):
        return len(planned) == len(sent) and all(map(_contains, sent, planned))
    return bool(sent == planned)


def variables(address: str, token: str) -> Mapping[str, str]:
    """Return the environment that the documents' samples and the snippets read."""
    return {"ASTRA_DB_API_ENDPOINT": address, "ASTRA_DB_APPLICATION_TOKEN": token}
