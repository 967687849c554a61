"""What a state of a page or dialog is, apart from the lists of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from astrolabe.errors import AstrolabeError
from astrolabe.providers.catalogue.setup import ProviderSetup
from screens.kit.app_base import Section
from tests.support.console import Preparation
from tests.support.steps import Step

FILES = Path(__file__).with_name("files")
"""The folder that the console is started in: files to load."""

NIGHT, DAY = "astrolabe-night", "astrolabe-day"


@dataclass(frozen=True, slots=True)
class State:
    """One state of a page or dialog.

    Attributes:
        name: Also the name of its picture.
        steps: What leads there from the start.
        prepare: What is in the data folder before it is opened.
        then: What is put into it after that.
        start: The place that is shown first.
        theme: The theme.
        minilm: Whether all-MiniLM-L6-v2 is there.
        setups: What is set for providers, by provider key.
    """

    name: str
    steps: tuple[Step, ...] = ()
    prepare: Preparation | None = None
    then: Preparation | None = None
    start: Section = Section.DATABASES
    theme: str = NIGHT
    minilm: bool = False
    setups: tuple[tuple[str, ProviderSetup], ...] = ()


REFUSED = AstrolabeError("The data folder is full.", hint="Free some space, then submit again; nothing was changed.")
"""What a dialog is told when what it asks for fails."""
