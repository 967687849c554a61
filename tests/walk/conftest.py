"""The walks use the same console as the pictures."""

from tests.screens.conftest import console, same_everywhere

__all__ = ["console", "same_everywhere"]
