"""The commands: one model per command, which group each belongs to, and how a request body becomes one."""

from astrolabe.dataapi.language.commands.base import Command, Level
from astrolabe.dataapi.language.commands.parsing import (
    COMMANDS,
    TABLE_COMMANDS,
    ParsedCommand,
    invalid_field,
    parse_command,
    parse_for_any,
)

__all__ = [
    "COMMANDS",
    "TABLE_COMMANDS",
    "Command",
    "Level",
    "ParsedCommand",
    "invalid_field",
    "parse_command",
    "parse_for_any",
]
