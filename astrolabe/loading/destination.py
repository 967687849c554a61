"""What a load asks of the place that it goes into: a collection and a table answer otherwise."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Protocol

from astrolabe.dataapi.client.client import Collection
from astrolabe.dataapi.protocol import Json
from astrolabe.loading.formats.rows import Row
from astrolabe.loading.prepared import PreparedRow
from astrolabe.loading.survey import Survey
from storage.loads.ledger import FailedRow, LoadKey


class Builder(Protocol):
    """Makes what is sent of the rows of one file, in the order of the file."""

    def build(self, row: Row) -> PreparedRow | FailedRow:
        """Return what is sent of a row, or why nothing is."""


class Destination(ABC):
    """Where a load goes.

    Attributes:
        collection: The handle that rows are inserted with.
    """

    overwrites: ClassVar[bool]
    """Whether a row is written over the one that has its key: then nothing has to be looked for before."""

    items: ClassVar[str]
    """What it holds, for sentences: ``documents`` or ``rows``."""

    def __init__(self, collection: Collection) -> None:
        self.collection = collection

    @abstractmethod
    def key_of(self, value: Json) -> str | None:
        """Return what no two rows of a file may have in common, for the first pass; None when a row has none."""

    @abstractmethod
    def prepare(self, survey: Survey) -> None:
        """Take in what the first pass has found.

        Raises:
            RuleError: The file cannot be loaded here.
        """

    @property
    @abstractmethod
    def treatment(self) -> str:
        """What becomes of the rows, for the ledger: a file that is treated otherwise is another load."""

    @abstractmethod
    def builder(self) -> Builder:
        """Return what makes documents of the rows; a new one for each pass."""

    @abstractmethod
    async def existing(self, documents: Sequence[PreparedRow]) -> set[int]:
        """Return the numbers of the rows whose keys are there.

        Raises:
            DataApiError: It cannot be asked.
        """

    @property
    @abstractmethod
    def again(self) -> str:
        """What the user is told when the file was loaded before, whole."""

    @abstractmethod
    def otherwise(self, older: LoadKey, key: LoadKey) -> str:
        """Return what the user is told when the file was loaded before and treated otherwise."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What else the user should know at the end, as sentences."""
        return ()
