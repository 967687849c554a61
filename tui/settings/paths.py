"""Where things are kept on this machine: the platform's own folders, XDG on Linux.

Nothing is created here. The settings may move the data folder; the other two are the platform's.
"""

from __future__ import annotations

from pathlib import Path

import platformdirs

_NAME = "astrolabe"


def config_file() -> Path:
    """Return the settings file that is read when no other is named; it need not exist."""
    return platformdirs.user_config_path(_NAME, appauthor=False) / "config.toml"


def default_data_dir() -> Path:
    """Return the data folder that is used when the settings name no other."""
    return platformdirs.user_data_path(_NAME, appauthor=False)


def state_dir() -> Path:
    """Return the folder of the log and of what the console remembers between starts."""
    return platformdirs.user_state_path(_NAME, appauthor=False)


def log_file() -> Path:
    """Return the log file; older ones lie beside it as ``astrolabe.log.1`` and so on."""
    return state_dir() / "astrolabe.log"


def remembered_file() -> Path:
    """Return the file with the choices that the console remembers, such as the theme."""
    return state_dir() / "console.json"
