"""The first rows of a file as a table would get them: what is shown before a load."""

from __future__ import annotations

from collections.abc import Mapping

from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.protocol import Json
from astrolabe.loading.formats.rows import FileFormat
from astrolabe.loading.preview import Preview
from astrolabe.loading.tables.rows import measured_row, present


def sample_rows(info: TargetInfo, columns: Mapping[str, str], found: Preview) -> tuple[list[Json], list[str]]:
    """Return the table's rows of a file's first rows, and for each row that cannot be loaded the reason.

    Args:
        info: The table.
        columns: The field of each column.
        found: The beginning of the file.
    """
    rows: list[Json] = []
    reasons: list[str] = []
    for written in found.written:
        value = present(dict(written), spelled=found.format is FileFormat.CSV)
        row, _, problems = measured_row(info, columns, value, found.commas)
        if problems:
            reasons.append("; ".join(problems))
        else:
            rows.append(row)
    return rows, reasons
