"""The list of a keyspace's collections and tables: what each is called, whether it can embed, and how much is in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text
from textual.content import Content
from textual.coordinate import Coordinate

from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.dataapi.client.results import DocumentCount
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.errors import AstrolabeError
from screens.explorer.sidebar import Reasons, about, label
from screens.kit.grid import Grid

NAME_WIDTH, COUNT_WIDTH = 18, 6
"""Cells of a name and of a count."""


class TargetList(Grid):
    """Shows them by name; what is not known of one of them yet, or cannot be known, is left blank.

    Attributes:
        targets: What is in the list, by name.
    """

    def __init__(self) -> None:
        super().__init__("collections", [("Collection", NAME_WIDTH), ("", COUNT_WIDTH)])
        self.targets: dict[str, TargetInfo] = {}
        self._reasons: Reasons = {}
        self._counts: dict[str, str] = {}

    def take(self, infos: Sequence[TargetInfo]) -> None:
        """Hold other collections and tables; :meth:`show` draws them."""
        self.targets = {info.name: info for info in infos}
        self._counts = {name: words for name, words in self._counts.items() if name in self.targets}

    def show(self, reasons: Mapping[str, Mapping[str, str]]) -> None:
        """Draw the list, with a mark at those that cannot generate embeddings now."""
        self._reasons = reasons
        labels = {name: label(info, disabled=name in reasons) for name, info in self.targets.items()}
        self.fill([(name, (words, self._count_of(name))) for name, words in labels.items()])

    def point_at(self, name: str | None) -> None:
        """Put the cursor on a name, if it is there."""
        if name in self.targets:
            self.move_cursor(row=list(self.targets).index(name))

    def target(self) -> TargetInfo | None:
        """Return what is under the cursor."""
        return self.targets.get(self.chosen() or "")

    def about(self) -> Content | None:
        """Return what there is to say of what is under the cursor."""
        info = self.target()
        return about(info, self._reasons.get(info.name, {})) if info is not None else None

    async def count(self, client: DatabaseClient, *, exact: bool) -> None:
        """Say beside each name how many documents there are, one after the other.

        Args:
            client: The database's.
            exact: Whether all of them can be counted; otherwise as far as the Data API counts.
        """
        for info in list(self.targets.values()):
            collection = client.collection(info.keyspace, info.name)
            try:
                found = DocumentCount(await collection.estimated_count()) if exact else await collection.count()
                self._counts[info.name] = short_count(found)
            except AstrolabeError:  # deleted meanwhile, or a table, which the API cannot count
                self._counts.pop(info.name, None)
            if info.name in self.targets:
                row = list(self.targets).index(info.name)
                self.update_cell_at(Coordinate(row, 1), Text(self._count_of(info.name), end=""))

    def _count_of(self, name: str) -> str:
        return self._counts.get(name, "").rjust(COUNT_WIDTH)


def short_count(count: DocumentCount) -> str:
    """Return a count in six cells: ``12,345``, ``1,000+``, ``123k``, ``1.2M``."""
    number = count.count
    if number < 100_000:  # noqa: PLR2004 - what six cells hold
        return f"{number:,}{'+' if count.more else ''}"
    return f"{number // 1000:,}k" if number < 1_000_000 else f"{number / 1_000_000:.1f}M"  # noqa: PLR2004
