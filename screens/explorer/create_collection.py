"""The Create collection dialog: every field of the portal, in its order, active and inactive as the documents say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.widgets import Checkbox, Input

from astrolabe.dataapi.client.command_builders import PlannedCommand, collection_options, plan_create_collection
from astrolabe.portal.databases import collection_form as form
from astrolabe.portal.databases.collection_form import CollectionDraft
from astrolabe.portal.organization import VectorizeChoice
from astrolabe.portal.rules import collection_name_warnings
from screens.kit.dialog import Dialog
from screens.kit.fields import Field, check, text_input
from screens.kit.vector_fields import VectorFields


class CreateCollectionDialog(Dialog[PlannedCommand, str]):
    """Asks for a collection; provider, credential and model are locked for its life."""

    HEADING = "Create collection"
    SUBMIT = "Create collection"

    def __init__(
        self,
        keyspace: str,
        choices: Sequence[VectorizeChoice],
        perform: Callable[[PlannedCommand], Awaitable[str]],
    ) -> None:
        """Ask for a collection in ``keyspace``.

        Args:
            keyspace: Where it will live.
            choices: The methods the database may use.
            perform: Sends the command; returns the collection's name.
        """
        super().__init__(perform)
        self.keyspace = keyspace
        self.choices = choices

    def compose_form(self) -> ComposeResult:
        """Lay out the fields that are always there."""
        yield Field(
            "Collection name",
            text_input("name", max_length=100),
            help="Letters, digits and underscores; at most 50, and at most 48 for Astra DB.",
        )
        yield Field("", check("vector-enabled", "Vector-enabled collection", value=True))
        yield VectorFields(self.choices)
        yield Field(
            "",
            check("lexical", "Lexical search", value=True),
            help="Found by their words, too. Locked for the life of the collection.",
        )

    @on(Checkbox.Changed, "#vector-enabled")
    def _vector_toggled(self, event: Checkbox.Changed) -> None:
        self.query_one(VectorFields).display = event.value

    def _draft(self) -> CollectionDraft:
        vector = self.query_one(VectorFields).draft()
        return CollectionDraft(
            vector_enabled=self.query_one("#vector-enabled", Checkbox).value,
            choice=vector.choice,
            credential=vector.credential,
            model=vector.model,
            parameters=vector.parameters,
            dimension=vector.dimension,
            metric=vector.metric,
            name=self.query_one("#name", Input).value.strip(),
        )

    def problems(self) -> dict[str, str]:
        """Check the whole form with the rules of the portal."""
        return self.query_one(VectorFields).placed(form.problems(self._draft()))

    @on(Input.Changed, "#name")
    def _name_changed(self, event: Input.Changed) -> None:
        self.say(" ".join(collection_name_warnings(event.value.strip())))

    def draft(self) -> PlannedCommand:
        """Return the command that creates the collection."""
        return self.planned()

    def planned(self) -> PlannedCommand:
        """Return the command for what the form holds now."""
        draft = self._draft()
        lexical = self.query_one("#lexical", Checkbox).value
        options: dict[str, Any] = collection_options(
            dimension=form.dimension_of(draft),
            metric=form.metric_of(draft),
            service=form.service_of(draft),
            lexical=None if lexical else False,  # on is what the API does by itself, where it can
        )
        return plan_create_collection(self.keyspace, draft.name, options)
