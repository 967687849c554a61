"""A table of at most one page of rows, whose cells are foreign text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from screens.text import cell_width, display_text, fit

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

    def __init__(self, id: str, columns: Sequence[tuple[str, int | None]] = ()) -> None:  # noqa: A002 - Textual's name
        """Build a grid.

        Args:
            id: Widget id.
            columns: Heading and width in cells; None lets the column grow with its contents, up to 40 cells.
        """
        super().__init__(id=id, cursor_type="row", show_row_labels=False, cell_padding=1)
        self._columns = tuple(columns)

    def on_mount(self) -> None:
        """Add the columns."""
        self.set_columns(self._columns)

    def set_columns(self, columns: Sequence[tuple[str, int | None]]) -> None:
        """Replace the columns; the rows go too."""
        self.clear(columns=True)
        self._columns = tuple(columns)
        for heading, width in self._columns:
            self.add_column(Text(display_text(heading, limit=CELL_WIDTH)), width=width)

    def fill(self, rows: Sequence[tuple[str, Sequence[object]]]) -> None:
        """Show these rows.

        Args:
            rows: Key and cells of each row; a key is shown nowhere and may be any text.
        """
        chosen = self.chosen()
        self.clear()
        for key, cells in rows:
            self.add_row(*map(self._cell, cells, self._columns), key=key)
        keys = [key for key, _ in rows]
        if chosen in keys:
            self.move_cursor(row=keys.index(chosen))

    @staticmethod
    def _cell(value: object, column: tuple[str, int | None]) -> Text:
        text = display_text(value, limit=4 * CELL_WIDTH)
        width = column[1] or CELL_WIDTH
        return Text(fit(text, width) if cell_width(text) > width else text, no_wrap=True, end="")

    def chosen(self) -> str | None:
        """Return the key of the row under the cursor, or None when the grid is empty."""
        if not self.row_count or not self.is_valid_row_index(self.cursor_row):
            return None
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value
