"""What has to be found in a data folder after a kill."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SECRET = "sk-first-" + "x" * 32
"""The credential's first one."""


class BrokenError(Exception):
    """Something does not hold."""


@dataclass
class Expected:
    """What is to be found.

    Attributes:
        versions: The version of each document that was acknowledged.
        under_way: What else each of some documents may be, None for gone: a write to it was not acknowledged.
        secrets: What the credential's secret may be.
    """

    versions: dict[str, int] = field(default_factory=dict)
    under_way: dict[str, set[int | None]] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=lambda: {SECRET})

    def copy(self) -> Expected:
        """Return the same, for later."""
        return Expected(dict(self.versions), {}, set(self.secrets))

    def begin(self, said: dict[str, Any]) -> None:
        """Take in what is about to be written."""
        for key, version in (*said["put"].items(), *((key, None) for key in said["gone"])):
            self.under_way.setdefault(key, {self.versions.get(key)}).add(version)
        if said["secret"]:
            self.secrets.add(said["secret"])

    def end(self, said: dict[str, Any]) -> None:
        """Take in that it was acknowledged."""
        for key in (*said["put"], *said["gone"]):
            del self.under_way[key]
        self.versions |= said["put"]
        for key in said["gone"]:
            self.versions.pop(key, None)
        if said["secret"]:
            self.secrets = {said["secret"]}

    def settle(self, found: dict[str, int]) -> None:
        """Compare with what is there, which is true from here on.

        Raises:
            BrokenError: An acknowledged write is not there, or something that nobody has written.
        """
        for key in self.versions.keys() | self.under_way.keys() | found.keys():
            allowed = self.under_way.get(key, {self.versions.get(key)})
            if found.get(key) not in allowed:
                raise BrokenError(f"document {key} has version {found.get(key)}, not one of {allowed}")
        self.versions, self.under_way = dict(found), {}
