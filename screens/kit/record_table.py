"""A table of one page of documents or rows, with a cursor on cells: every column can be reached, and none is dropped.

The framework's table scrolls by cells of the terminal, highlights either a cell or a row, and sends the whole page for
each step to the side. This one moves by columns, keeps the first one in place, and draws only the lines that changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from astrolabe.text.safe_text import cell_width, display_text, fit
from screens.kit.table_layout import GAP, Placed, columns_words, first_for, place_columns

LONGEST_CELL = 160
"""Characters of a value in a cell."""

MARK = "●"
"""Stands before a marked row, so that colour is not the only sign."""

HEADER = "record--header"
ROW = "record--row"
CURSOR_ROW = "record--cursor-row"
CURSOR_CELL = "record--cursor-cell"
MARKED = "record--marked"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table.

    Attributes:
        name: The field.
        heading: What stands over it.
        right: Whether its values stand at the right, as numbers do.
    """

    name: str
    heading: str
    right: bool = False


class RecordTable(Widget, can_focus=True):
    """Shows rows of texts; the row and the cell under the cursor are highlighted.

    Attributes:
        row: The row under the cursor, from 0.
        column: The column under the cursor, from 0.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {HEADER, ROW, CURSOR_ROW, CURSOR_CELL, MARKED}
    DEFAULT_CSS = """
    RecordTable { height: 1fr; background: $background; }
    RecordTable > .record--header { background: $surface; color: $foreground-muted; text-style: bold; }
    RecordTable > .record--row { color: $foreground; }
    RecordTable > .record--cursor-row { background: $row-open; color: $foreground; }
    RecordTable > .record--cursor-cell { background: $row-open; color: $foreground; text-style: underline; }
    RecordTable > .record--marked { color: $text-warning; text-style: bold; }
    RecordTable:focus > .record--cursor-row { background: $row-cursor; color: $foreground; }
    RecordTable:focus > .record--cursor-cell { background: $primary; color: $on-primary; text-style: bold; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1, 0)", "Go to the row above.", show=False),
        Binding("down,j", "move(1, 0)", "Go to the row below.", show=False),
        Binding("left,h", "move(0, -1)", "Go to the column on the left.", show=False),
        Binding("right,l", "move(0, 1)", "Go to the column on the right.", show=False),
        Binding("0", "to_column(0)", "Go to the first column.", show=False),
        Binding("dollar_sign", "to_column(-1)", "Go to the last column.", show=False),
        Binding("home,g", "to_row(0)", "Go to the first row.", show=False),
        Binding("end,G", "to_row(-1)", "Go to the last row.", show=False),
        Binding("pageup", "pages(-1.0)", "Go up by what is visible.", show=False),
        Binding("pagedown", "pages(1.0)", "Go down by what is visible.", show=False),
        Binding("ctrl+u", "pages(-0.5)", "Go up by half of what is visible.", show=False),
        Binding("ctrl+d", "pages(0.5)", "Go down by half of what is visible.", show=False),
    ]

    class Moved(Message):
        """The cursor is on another cell, or other columns are shown."""

    class Chosen(Message):
        """The row under the cursor was clicked."""

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.columns: tuple[Column, ...] = ()
        self.rows: list[tuple[str, ...]] = []
        self.marked: AbstractSet[int] = frozenset()
        self.row = 0
        self.column = 0
        self._top = 0
        self._first = 1
        self._widths: list[int] = []
        self._placed: list[Placed] = []

    def fill(
        self, columns: Sequence[Column], rows: Sequence[Sequence[object]], *, row: int = 0, column: int = 0
    ) -> None:
        """Show these rows, with the cursor on a cell.

        Args:
            columns: What stands over them.
            rows: Their cells, foreign text; as many as there are columns.
            row: The row under the cursor; the nearest one if there is none.
            column: The column under the cursor, likewise.
        """
        self.columns = tuple(columns)
        self.rows = [tuple(display_text(cell, limit=LONGEST_CELL) for cell in cells) for cells in rows]
        self._widths = [
            max(cell_width(text) for text in (self._heading(place), *(cells[place] for cells in self.rows)))
            for place in range(len(self.columns))
        ]
        self.marked = frozenset()
        self.row = max(min(row, len(self.rows) - 1), 0)
        self.column = max(min(column, len(self.columns) - 1), 0)
        self._lay_out()
        self.refresh()

    def mark(self, rows: AbstractSet[int]) -> None:
        """Mark these rows and no others."""
        changed = self.marked ^ rows
        self.marked = frozenset(rows)
        self._redraw(*changed)

    def columns_words(self) -> str:
        """Return which columns are shown; empty when all are."""
        return columns_words(self._placed, len(self.columns))

    @property
    def field(self) -> str | None:
        """The field under the cursor."""
        return self.columns[self.column].name if self.columns else None

    @property
    def _lines(self) -> int:
        return max(self.size.height - 1, 1)

    @property
    def _room(self) -> int:
        return max(self.size.width - 2, 1)

    def _heading(self, place: int) -> str:
        return display_text(self.columns[place].heading, limit=LONGEST_CELL)

    def _lay_out(self) -> None:
        self._first = first_for(self._widths, self._room, self._first, self.column) if self.columns else 1
        self._placed = place_columns(self._widths, self._room, self._first)
        self._top = max(min(self._top, self.row, len(self.rows) - self._lines), self.row - self._lines + 1, 0)

    def on_resize(self) -> None:
        """Show as many columns and rows as there is room for."""
        self._lay_out()
        self.refresh()
        self.post_message(self.Moved())

    def _go(self, row: int, column: int) -> None:
        row = max(min(row, len(self.rows) - 1), 0)
        column = max(min(column, len(self.columns) - 1), 0)
        if (row, column) == (self.row, self.column):
            return
        before, shown = self.row, (self._top, self._first)
        self.row, self.column = row, column
        self._lay_out()
        if (self._top, self._first) == shown:
            self._redraw(before, row)
        else:
            self.refresh()
        self.post_message(self.Moved())

    def _redraw(self, *rows: int) -> None:
        lines = {row - self._top + 1 for row in rows if self._top <= row < self._top + self._lines}
        if lines:
            self.refresh(*(Region(0, line, self.size.width, 1) for line in sorted(lines)))
        self._place_terminal_cursor()

    def _place_terminal_cursor(self) -> None:
        """Put the terminal's own cursor on the row, where a screen reader looks for it."""
        if self.has_focus:
            self.app.cursor_position = self.content_region.offset + Offset(0, self.row - self._top + 1)

    def on_focus(self) -> None:
        """Show where the cursor is."""
        self._place_terminal_cursor()

    def action_move(self, rows: int, columns: int) -> None:
        """Move the cursor by rows and columns."""
        self._go(self.row + rows, self.column + columns)

    def action_to_row(self, row: int) -> None:
        """Go to a row; -1 is the last."""
        self._go(len(self.rows) - 1 if row < 0 else row, self.column)

    def action_to_column(self, column: int) -> None:
        """Go to a column; -1 is the last."""
        self._go(self.row, len(self.columns) - 1 if column < 0 else column)

    def action_pages(self, pages: float) -> None:
        """Move by a part of what is visible."""
        self._go(self.row + int(pages * self._lines), self.column)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; a second click opens the row."""
        row = self._top + event.y - 1
        if event.y >= 1 and row < len(self.rows):
            under = [one.place for one in self._placed if one.start <= event.x - 1 < one.start + one.width + GAP]
            again = row == self.row and event.chain > 1
            self._go(row, under[0] if under else self.column)
            if again:
                self.post_message(self.Chosen())

    def on_mouse_scroll_down(self) -> None:
        """Go down."""
        self.action_move(3, 0)

    def on_mouse_scroll_up(self) -> None:
        """Go up."""
        self.action_move(-3, 0)

    def render_line(self, y: int) -> Strip:
        """Draw the heading or one row."""
        if y == 0:
            texts = tuple(self._heading(place) for place in range(len(self.columns)))
            return self._strip(" ", texts, self.get_component_rich_style(HEADER), None)
        row = self._top + y - 1
        if row >= len(self.rows):
            return Strip.blank(self.size.width, self.rich_style)
        here = row == self.row
        style = self.get_component_rich_style(CURSOR_ROW if here else ROW)
        under = self.get_component_rich_style(CURSOR_CELL) if here else None
        if row in self.marked:
            style += Style.from_color(self.get_component_rich_style(MARKED).color)
        return self._strip(MARK if row in self.marked else " ", self.rows[row], style, under)

    def _strip(self, mark: str, texts: tuple[str, ...], style: Style, under: Style | None) -> Strip:
        segments = [Segment(mark, style)]
        for one in self._placed:
            text = texts[one.place]
            width = cell_width(text)
            shown = text.rjust(len(text) + one.width - width) if self._is_right(one, width) else fit(text, one.width)
            chosen = under is not None and one.place == self.column
            segments += [Segment(shown, under if chosen else style), Segment(" " * GAP, style)]
        strip = Strip(segments)
        return strip.extend_cell_length(self.size.width, style).crop(0, self.size.width)

    def _is_right(self, placed: Placed, width: int) -> bool:
        return self.columns[placed.place].right and width <= placed.width
