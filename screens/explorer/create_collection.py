"""The Create collection dialog: every field of the portal, in its order, active and inactive as the documents say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Checkbox, Input, Select

from astrolabe.dataapi.client.command_builders import PlannedCommand, collection_options, plan_create_collection
from astrolabe.portal.databases import collection_form as form
from astrolabe.portal.databases.collection_form import CollectionDraft
from astrolabe.portal.organization import VectorizeChoice
from astrolabe.portal.rules import collection_name_warnings
from astrolabe.providers.catalogue.provider_info import ModelInfo, ParameterInfo, ParameterType
from screens.kit.dialog import Dialog
from screens.kit.fields import Field, check, choice, select_options, text_input
from storage.shapes import Metric

OWN_VECTORS = "own"
"""Value of the method that uses no provider."""

PARAMETER = "parameter-"
"""Prefix of the ids of parameter fields."""


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
        self.choices = {one.provider.key: one for one in choices}

    def compose_form(self) -> ComposeResult:
        """Lay out the fields that are always there."""
        yield Field(
            "Collection name",
            text_input("name", max_length=100),
            help="Letters, digits and underscores; at most 50, and at most 48 for Astra DB.",
        )
        yield Field("", check("vector-enabled", "Vector-enabled collection", value=True))
        methods = [("Bring my own vectors", OWN_VECTORS)]
        methods += [(one.provider.label, key) for key, one in self.choices.items()]
        help_text = "Locked for the life of the collection. Missing one? The database must be in a credential's scope."
        yield Field("Embedding generation method", choice("method", methods, self._first_method()), help=help_text)
        yield Vertical(id="method-fields")
        yield Field("Dimensions", text_input("dimension", placeholder="1 to 4096"))
        metrics = [(label, metric.value) for metric, label in form.METRIC_LABELS.items()]
        yield Field(
            "Similarity metric",
            choice("metric", metrics, Metric.COSINE.value),
            help="How similarity is calculated. Dot Product is for vectors of unit length.",
        )
        yield Field(
            "",
            check("lexical", "Lexical search", value=True),
            help="Found by their words, too. Locked for the life of the collection.",
        )

    def _first_method(self) -> str:
        return next((key for key, one in self.choices.items() if not one.credentials), OWN_VECTORS)

    @on(events.Mount)
    async def _show_first_method(self) -> None:
        await self._show_method()

    def chosen(self) -> VectorizeChoice | None:
        """Return the chosen method; None for own vectors."""
        return self.choices.get(str(self.query_one("#method", Select).value))

    async def _show_method(self) -> None:
        place = self.query_one("#method-fields")
        await place.remove_children()
        chosen = self.chosen()
        if chosen is not None:
            await place.mount(*self._method_fields(chosen))
        self._show_dimension()

    def _method_fields(self, chosen: VectorizeChoice) -> list[Widget]:
        provider = chosen.provider
        rows: list[Widget] = []
        if chosen.credentials:
            rows.append(self._credential_field(chosen))
        rows += [parameter_field(info) for info in provider.parameters]
        credential = chosen.credentials[0].name if chosen.credentials else None
        models = [(model_label(model), model.name) for model in chosen.models_of(credential)]
        first = form.first_model(chosen)
        rows.append(
            Field("Embedding model", choice("model", models, first.name if first else None), help=model_help(first))
        )
        rows.append(
            Vertical(*(parameter_field(info) for info in (first.parameters if first else ())), id="model-fields")
        )
        return rows

    @staticmethod
    def _credential_field(chosen: VectorizeChoice) -> Field:
        noun = chosen.provider.credential_noun
        names = [(credential.name, credential.name) for credential in chosen.credentials]
        row = Field(
            noun[0].upper() + noun[1:], choice("credential", names, names[0][1]), help="Used to call the provider."
        )
        if len(names) == 1:
            row.set_inactive(f"The only {noun} that this database may use.")
        return row

    @on(Checkbox.Changed, "#vector-enabled")
    def _vector_toggled(self, event: Checkbox.Changed) -> None:
        for name in ("method", "dimension", "metric"):
            self.fields()[name].display = event.value
        self.query_one("#method-fields").display = event.value

    @on(Select.Changed, "#method")
    async def _method_changed(self) -> None:
        await self._show_method()

    @on(Select.Changed, "#credential")
    def _credential_changed(self) -> None:
        """Offer the models of another connection string; other credentials all have the same."""
        chosen, model = self.chosen(), self.query("#model").results(Select)
        if chosen is not None and chosen.models_by_credential:
            names = [(model_label(one), one.name) for one in chosen.models_of(self._value("credential"))]
            for select in model:
                select.set_options(select_options(names))
                select.value = names[0][1] if names else Select.NULL

    @on(Select.Changed, "#model")
    async def _model_changed(self) -> None:
        model = self._model()
        place = self.query("#model-fields")
        if place:
            await place.first().remove_children()
            await place.first().mount(*(parameter_field(info) for info in (model.parameters if model else ())))
            row = self.fields()["model"]
            row.set_help(model_help(model))
            row.set_problem(model.unavailable_reason if model else "")
        self._show_dimension()

    def _model(self) -> ModelInfo | None:
        return form.chosen_model(self._draft())

    def _show_dimension(self) -> None:
        row, model = self.fields()["dimension"], self._model()
        box = self.query_one("#dimension", Input)
        row.set_inactive()
        if model is not None and model.dimension is not None:
            box.value = str(model.dimension)
            row.set_inactive("Set by the model.")
            return
        low, high = (model.dimension_range if model else None) or (1, form.LARGEST_OWN_DIMENSION)
        box.value = str(model.default_dimension) if model and model.default_dimension else ""
        box.placeholder = f"{low} to {high}"
        row.set_help(f"How many numbers a vector has: {low} to {high}.")

    def _value(self, name: str) -> str | None:
        found = self.query(f"#{name}").results(Select)
        return next((str(select.value) for select in found if select.value is not Select.NULL), None)

    def _parameters(self) -> dict[str, str]:
        values: dict[str, str] = {}
        for name, row in self.fields().items():
            if name.startswith(PARAMETER):
                values[name.removeprefix(PARAMETER)] = typed_value(row.control)
        return values

    def _draft(self) -> CollectionDraft:
        return CollectionDraft(
            name=self.query_one("#name", Input).value.strip(),
            vector_enabled=self.query_one("#vector-enabled", Checkbox).value,
            choice=self.chosen(),
            credential=self._value("credential"),
            model=self._value("model"),
            parameters=self._parameters(),
            dimension=self.query_one("#dimension", Input).value,
            metric=Metric(self._value("metric") or Metric.COSINE),
        )

    def problems(self) -> dict[str, str]:
        """Check the whole form with the rules of the portal."""
        found = form.problems(self._draft())
        rows = self.fields()
        return {(name if name in rows else PARAMETER + name): text for name, text in found.items()}

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


def model_label(model: ModelInfo) -> str:
    """Return a model's name, marked when it cannot be used here."""
    return model.name if model.available else f"{model.name} (not installed)"


def model_help(model: ModelInfo | None) -> str:
    """Return what to know about a model before it is chosen."""
    locked = "The model that makes the vectors; locked for the life of the collection."
    known = f"{model.help} {model.ending}".strip() if model is not None else ""
    return f"{known} Locked for the life of the collection." if known else locked


def parameter_field(info: ParameterInfo) -> Field:
    """Return the row for one provider or model parameter."""
    name = PARAMETER + info.name
    control: Widget
    if info.options or info.type is ParameterType.BOOLEAN:
        values = info.options or ("true", "false")
        control = choice(name, [(value, value) for value in values], prompt=f"default: {info.default or 'none'}")
    else:
        control = text_input(name, placeholder=info.hint)
    return Field(info.label, control, help=info.help, optional=not info.required)


def typed_value(control: Widget) -> str:
    """Return what stands in an input or a drop-down; empty when nothing is chosen."""
    if isinstance(control, Input):
        return control.value
    if isinstance(control, Select) and control.value is not Select.NULL:
        return str(control.value)
    return ""
