"""The folders of the databases' contents: ``databases/<id>/contents.db`` and the caches beside it.

Removing one is done in two steps with the catalog's row removed between them, so that a crash leaves either a whole
database or a condemned folder, which the next start clears away.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Collection
from pathlib import Path

from storage.errors import StorageError, StoreFullError
from storage.sqlite.errors import from_os, os_translated
from storage.sqlite.reserve import STEP, SpaceReserve

_CONTENTS = "contents.db"
_CONDEMNED = "deleted"

_LOG = logging.getLogger(__name__)

IF_VANISHED = "Put it back from a backup, or delete the database: all that was in it is gone with the file."
"""What to do when the file of a database that was made before is gone."""


class DatabaseFiles:
    """Where each database's contents lie; every call is a few file operations.

    Args:
        folder: The folder of all of them; it need not exist.
        reserve: Space that marking a folder may use when the disk is full.
    """

    def __init__(self, folder: Path, reserve: SpaceReserve | None = None) -> None:
        self._folder = folder
        self._reserve = reserve

    def contents(self, database_id: str) -> Path:
        """Return the path of a database's file; it need not exist."""
        return self._folder / database_id / _CONTENTS

    def condemn(self, database_id: str) -> None:
        """Mark a database's folder: once the catalog does not know the database any more, it may go.

        Raises:
            StorageError: The mark cannot be written.
        """
        folder = self._folder / database_id
        mark = folder / _CONDEMNED
        while folder.is_dir() and not mark.exists():
            try:
                with os_translated(folder):
                    mark.touch(mode=0o600)
            except StoreFullError:
                if self._reserve is None or not self._reserve.give_back(STEP):
                    raise

    def remove(self, database_id: str) -> None:
        """Remove a database's folder and all in it; harmless when there is none.

        Raises:
            StorageError: It cannot be removed.
        """
        folder = self._folder / database_id
        try:
            if folder.is_dir():
                shutil.rmtree(folder)
        except FileNotFoundError:
            return  # another process removes it too
        except OSError as error:
            raise from_os(error, folder) from error

    def clear_condemned(self, known: Collection[str]) -> None:
        """Finish removals that were interrupted: condemned folders go, unless the catalog still knows the database.

        Args:
            known: Ids of the databases in the catalog, read after the marks could be written.
        """
        for mark in self._folder.glob(f"*/{_CONDEMNED}"):
            try:
                if mark.parent.name in known:
                    with os_translated(mark):
                        mark.unlink(missing_ok=True)
                else:
                    self.remove(mark.parent.name)
            except StorageError as error:  # what is left over takes up space and is in nobody's way
                _LOG.warning("what was deleted is not cleared away: %s", error.message)
