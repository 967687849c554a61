"""The Create database dialog: name, cloud provider and region."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Select

from astrolabe.portal.databases.regions import CLOUD_PROVIDERS, regions_of
from astrolabe.portal.organization import Database, DatabaseDraft
from astrolabe.portal.rules import database_name_problems
from astrolabe.text.cli_equivalents import Equivalents, create_database
from screens.kit.dialog import Dialog
from screens.kit.fields import Field, choice, select_options, text_input


class CreateDatabaseDialog(Dialog[DatabaseDraft, Database]):
    """Asks for a new database. It can be added to a credential's scope at once, even while it is initializing."""

    HEADING = "Create database"
    SUBMIT = "Create database"

    def __init__(self, perform: Callable[[DatabaseDraft], Awaitable[Database]]) -> None:
        super().__init__(perform)
        self.first_cloud = next(iter(CLOUD_PROVIDERS))

    def compose_form(self) -> ComposeResult:
        """Lay out the form."""
        clouds = [(label, key) for key, label in CLOUD_PROVIDERS.items()]
        yield Field(
            "Database name",
            text_input("name", max_length=100),
            help="2 to 50 characters; it cannot be changed later.",
        )
        yield Field(
            "Cloud provider",
            choice("cloud-provider", clouds, self.first_cloud),
            help="Where Astra DB would host it; here it is kept with the database and decides hosted integrations.",
        )
        yield Field("Region", choice("region", self._regions(self.first_cloud), self._first_region(self.first_cloud)))

    @staticmethod
    def _regions(cloud: str) -> list[tuple[str, str]]:
        return [(region, region) for region in regions_of(cloud)]

    @staticmethod
    def _first_region(cloud: str) -> str:
        return regions_of(cloud)[0]

    @on(Select.Changed, "#cloud-provider")
    def _cloud_changed(self, event: Select.Changed) -> None:
        regions = self._regions(str(event.value))
        select = self.query_one("#region", Select)
        select.set_options(select_options(regions))
        select.value = regions[0][1]

    def problems(self) -> dict[str, str]:
        """Check the name."""
        found = database_name_problems(self.query_one("#name", Input).value)
        return {"name": " ".join(found)} if found else {}

    def equivalents(self) -> Equivalents:
        """Return the command line and the request that create it."""
        return create_database(self.draft(), self.app.workspace.options.served_at)

    def draft(self) -> DatabaseDraft:
        """Return the form's contents."""
        return DatabaseDraft(
            name=self.query_one("#name", Input).value.strip(),
            cloud_provider=str(self.query_one("#cloud-provider", Select).value),
            region=str(self.query_one("#region", Select).value),
        )
