"""The dialog that attaches a service to a vector column, or changes the one it has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.table_plans import plan_add_services
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.language.service import service_json
from astrolabe.portal.databases.collection_form import service_of
from astrolabe.portal.organization import VectorizeChoice
from astrolabe.text.safe_text import display_text
from screens.kit.dialog import Dialog
from screens.kit.vector_fields import VectorFields


class ServiceDialog(Dialog[PlannedCommand, str]):
    """Asks for the service of a column; what follows from it stands above."""

    def __init__(
        self,
        table: TargetInfo,
        column: str,
        choices: Sequence[VectorizeChoice],
        perform: Callable[[PlannedCommand], Awaitable[str]],
    ) -> None:
        """Ask for a service.

        Args:
            table: The table.
            column: The vector column.
            choices: The methods the database may use.
            perform: Sends the command; returns the column.
        """
        super().__init__(perform)
        self.table = table
        self.column = column
        self.vector = table.vectors[column]
        self.choices = choices

    def heading(self) -> str:
        """Return the title."""
        return f"{self.submit_label()} of {self.table.name}.{self.column}"

    def submit_label(self) -> str:
        """Return the verb."""
        return "Change service" if self.vector.service is not None else "Attach service"

    def compose_form(self) -> ComposeResult:
        """Say what follows, and lay out the fields."""
        for sentence in self.consequences():
            yield Static(Content(display_text(sentence, limit=400)), classes="consequence")
        yield VectorFields(self.choices, lasting="It can be changed again.", dimension=self.vector.dimension)

    def consequences(self) -> Sequence[str]:
        """Return what the change does to the column."""
        service = self.vector.service
        if service is None:
            return (
                "From now on the column takes texts, too. Their vectors are kept, the texts are not.",
                "Vectors that are there stay; a search by text finds them only if the same model made them.",
            )
        return (
            f"Now it is {service.provider}, {service.model}.",
            "Vectors that are there stay, and two models do not understand each other's: write the rows anew.",
        )

    def problems(self) -> Mapping[str, str]:
        """Check the service with the rules of vectors; its model has to give as many numbers as the column has."""
        fields = self.query_one(VectorFields)
        if fields.chosen() is None:
            return {"method": "No provider can be used: add this database to the scope of a credential first."}
        return fields.problems()

    def draft(self) -> PlannedCommand:
        """Return the command."""
        return self.planned()

    def planned(self) -> PlannedCommand:
        """Return the command that attaches the service."""
        service = service_of(self.query_one(VectorFields).draft())
        services = {self.column: service_json(service)} if service is not None else {}
        return plan_add_services(self.table.keyspace, self.table.name, services)
