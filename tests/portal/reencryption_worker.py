"""Re-encrypts a data folder over and over in a child that is killed: one kill for each number of seconds on stdin.

The parent has everything imported and no thread, so that forking costs a few milliseconds in place of half a second.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from astrolabe.portal.audit.trail import AuditTrail
from astrolabe.portal.credentials.reencryption import Reencryption
from storage.catalog.catalog import Catalog
from storage.secrets.box import SecretBox
from storage.secrets.key_file import KeyFile


async def work(folder: Path, begun: int) -> None:
    catalog = await Catalog.open(folder / "catalog.db")
    change = Reencryption(catalog, SecretBox(KeyFile(folder / "secrets.key")), AuditTrail())
    os.write(begun, b".")
    while True:
        await change.run()


def killed_after(folder: Path, seconds: float) -> None:
    """Let a child re-encrypt and kill it that long after it has begun."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        asyncio.run(work(folder, write))
    os.close(write)
    os.read(read, 1)
    os.close(read)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


if __name__ == "__main__":
    for line in sys.stdin:
        killed_after(Path(sys.argv[1]), float(line))
        sys.stdout.write("killed\n")
        sys.stdout.flush()
