"""A table of at most one page of rows, whose cells are foreign text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from astrolabe.text.safe_text import cell_width, display_text, fit

CELL_WIDTH = 40
"""Widest cell of a grid without columns of its own width."""


class Grid(DataTable[Text], inherit_bindings=False):
    """A :class:`DataTable` with a row cursor that shows every cell as plain, safe text.

    Rows are addressed by key; filling it again keeps the cursor on the same key where that still exists. Enter is not
    bound here: it belongs to the page, whose action then stands in the footer, the help and the palette.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor_up", "Go to the row above.", show=False),
        Binding("down,j", "cursor_down", "Go to the row below.", show=False),
        Binding("pageup", "page_up", "Go up by what is visible.", show=False),
        Binding("pagedown", "page_down", "Go down by what is visible.", show=False),
        Binding("home", "scroll_top", "Go to the first row.", show=False),
        Binding("end", "scroll_bottom", "Go to the last row.", show=False),
        Binding("left", "cursor_left", "Scroll to the left.", show=False),
        Binding("right", "cursor_right", "Scroll to the right.", show=False),
    ]

    def __init__(self, id: str, columns: Sequence[tuple[str, int | None]] = (), *, cursor: bool = True) -> None:  # noqa: A002
        """Build a grid.

        Args:
            id: Widget id.
            columns: Heading and width in cells; None makes the column as wide as its contents, up to 40 cells.
            cursor: Whether a row can be chosen.
        """
        super().__init__(id=id, cursor_type="row", show_row_labels=False, show_cursor=cursor, cell_padding=1)
        self._columns = tuple(columns)

    def on_mount(self) -> None:
        """Add the columns."""
        self.set_columns(self._columns)

    def set_columns(self, columns: Sequence[tuple[str, int | None]]) -> None:
        """Replace the columns; the rows go too."""
        self._columns = tuple(columns)
        self._draw_columns([width or cell_width(heading) for heading, width in self._columns])

    def _draw_columns(self, widths: Sequence[int]) -> None:
        self.clear(columns=True)
        for (heading, _), width in zip(self._columns, widths, strict=True):
            self.add_column(Text(fit(display_text(heading), width)), width=width)

    def fill(self, rows: Sequence[tuple[str, Sequence[object]]]) -> None:
        """Show these rows.

        Args:
            rows: Key and cells of each row; a key is shown nowhere and may be any text.
        """
        chosen = self.chosen()
        texts = [(key, [display_text(cell, limit=4 * CELL_WIDTH) for cell in cells]) for key, cells in rows]
        # The widths are worked out here: the framework measures later, and what it has drawn by then may be cut.
        widths = [self._width(place, [cells[place] for _, cells in texts]) for place in range(len(self._columns))]
        self._draw_columns(widths)
        for key, cells in texts:
            self.add_row(*map(self._cell, cells, widths), key=key)
        keys = [key for key, _ in rows]
        if chosen in keys:
            self.move_cursor(row=keys.index(chosen))

    def _width(self, place: int, cells: Sequence[str]) -> int:
        heading, width = self._columns[place]
        return width or min(CELL_WIDTH, max(cell_width(text) for text in (display_text(heading), *cells)))

    @staticmethod
    def _cell(text: str, width: int) -> Text:
        return Text(fit(text, width) if cell_width(text) > width else text, no_wrap=True, end="")

    def chosen(self) -> str | None:
        """Return the key of the row under the cursor, or None when the grid is empty."""
        if not self.row_count or not self.is_valid_row_index(self.cursor_row):
            return None
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value
