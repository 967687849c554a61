"""The hostile tests use the same console as the walks."""

from tests.walk.conftest import console, same_everywhere

__all__ = ["console", "same_everywhere"]
