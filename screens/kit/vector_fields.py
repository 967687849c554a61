"""The rows of a form that say what a vector is and what makes it: method, credential, model, dimensions, metric."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.getters import app as app_getter
from textual.widget import Widget
from textual.widgets import Input, Select

from astrolabe.portal.credentials.connection_test import parameter_text
from astrolabe.portal.databases import collection_form as form
from astrolabe.portal.databases.collection_form import VectorDraft
from astrolabe.portal.organization import VectorizeChoice
from astrolabe.providers.catalogue.provider_info import EmbeddingSpec, ModelInfo, ParameterInfo, ParameterType
from screens.kit.app_base import Console
from screens.kit.fields import Field, choice, select_options, text_input
from storage.shapes import Metric

OWN_VECTORS = "own"
"""Value of the method that uses no provider."""

PARAMETER = "parameter-"
"""Prefix of the ids of parameter fields."""

LOCKED = "Locked for the life of the collection."
"""How long a collection keeps its method and its model."""


class VectorFields(Vertical):
    """The rows; they follow the method and the model that are chosen, and begin with what a connection test found."""

    app = app_getter(Console)

    def __init__(
        self,
        choices: Sequence[VectorizeChoice],
        *,
        lasting: str = LOCKED,
        largest: int = form.LARGEST_OWN_DIMENSION,
        dimension: int | None = None,
    ) -> None:
        """Ask for a vector.

        Args:
            choices: The methods the database may use.
            lasting: A sentence on how long method and model stay.
            largest: Longest vector that is not made by a model.
            dimension: Dimensions of vectors that are there already, for which a method is looked for; None asks for
                them, and offers vectors of one's own and the metric, too.
        """
        super().__init__(id="vector-fields")
        self.choices = {one.provider.key: one for one in choices}
        self.lasting = lasting
        self.largest = largest
        self.dimension = dimension
        self._offered = ""

    def compose(self) -> ComposeResult:
        """Lay out the rows that are always there."""
        methods = [(one.provider.label, key) for key, one in self.choices.items()]
        if self.dimension is None:
            methods.insert(0, ("Bring my own vectors", OWN_VECTORS))
        help_text = f"{self.lasting} Missing one? The database must be in a credential's scope."
        yield Field("Embedding generation method", choice("method", methods, self._first_method()), help=help_text)
        yield Vertical(id="method-fields")
        yield Field("Dimensions", text_input("dimension", placeholder=f"1 to {self.largest}"))
        metrics = [(label, metric.value) for metric, label in form.METRIC_LABELS.items()]
        row = Field(
            "Similarity metric",
            choice("metric", metrics, Metric.COSINE.value),
            help="How similarity is calculated. Dot Product is for vectors of unit length.",
        )
        row.display = self.dimension is None
        yield row

    def _first_method(self) -> str | None:
        hosted = next((key for key, one in self.choices.items() if not one.credentials), None)
        return hosted or (OWN_VECTORS if self.dimension is None else next(iter(self.choices), None))

    @on(events.Mount)
    async def _show_first_method(self) -> None:
        await self._show_method()

    def rows(self) -> dict[str, Field]:
        """Return the rows by the id of their control."""
        return {row.control.id: row for row in self.query(Field) if row.control.id}

    def problems(self) -> dict[str, str]:
        """Return what is wrong, by the id of the control."""
        return self.placed(form.vector_problems(self.draft()))

    def placed(self, problems: dict[str, str]) -> dict[str, str]:
        """Return problems by the id of the control, where the rules name a parameter."""
        rows = self.rows()
        parameters = {name: PARAMETER + name for name in problems if PARAMETER + name in rows}
        return {parameters.get(name, name): text for name, text in problems.items()}

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
        tested = self._tested(provider.key)
        known = tested[0].parameters if tested is not None else {}
        rows += [parameter_field(info, parameter_text(known.get(info.name, ""))) for info in provider.parameters]
        credential = chosen.credentials[0].name if chosen.credentials else None
        models = [(model_label(model), model.name) for model in chosen.models_of(credential)]
        names = [name for _, name in models]
        first = form.first_model(chosen)
        if tested is not None and tested[0].model in names:
            first = provider.model(tested[0].model) or first
        rows.append(
            Field(
                "Embedding model",
                choice("model", models, first.name if first else None),
                help=model_help(first, self.lasting),
            )
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
        if place and place.first().is_attached:  # not while the program is being left
            await place.first().remove_children()
            await place.first().mount(*(parameter_field(info) for info in (model.parameters if model else ())))
            row = self.rows()["model"]
            row.set_help(model_help(model, self.lasting))
            row.set_problem(model.unavailable_reason if model else "")
        self._show_dimension()

    @on(Input.Changed)
    @on(Select.Changed)
    def _parameter_changed(self, event: Input.Changed | Select.Changed) -> None:
        """Take back what the connection test found once the form asks for something else, or offer it again."""
        box = self.query_one("#dimension", Input)
        mine = box.value == self._offered
        if mine and (event.control.id or "").startswith(PARAMETER):
            self._show_dimension()

    def _model(self) -> ModelInfo | None:
        return form.chosen_model(self.draft())

    def _show_dimension(self) -> None:
        row, model = self.rows()["dimension"], self._model()
        box = self.query_one("#dimension", Input)
        row.set_inactive()
        if self.dimension is not None:
            box.value = str(self.dimension)
            row.set_inactive("The vectors that are there have as many.")
            return
        if model is not None and model.dimension is not None:
            box.value = str(model.dimension)
            row.set_inactive("Set by the model.")
            return
        found = self._found(model)
        low, high = (model.dimension_range if model else None) or (1, self.largest)
        box.value = str(found or (model.default_dimension if model else None) or "")
        self._offered = box.value
        box.placeholder = f"{low} to {high}"
        said = "As the connection test found." if found else f"How many numbers a vector has: {low} to {high}."
        row.set_help(said)

    def _tested(self, provider: str) -> tuple[EmbeddingSpec, int] | None:
        return self.app.workspace.credential_usage.answered(provider)

    def _found(self, model: ModelInfo | None) -> int | None:
        """Return the dimensions that a connection test found with the model and what the form has of parameters."""
        chosen = self.chosen()
        tested = self._tested(chosen.provider.key) if chosen is not None else None
        if chosen is None or model is None or tested is None or tested[0].model != model.name:
            return None
        of_provider = [info.name for info in chosen.provider.parameters]
        now = self._parameters()
        given = {name: parameter_text(tested[0].parameters.get(name, "")) for name in of_provider}
        same = all(text == now.get(name, "").strip() for name, text in given.items())
        return tested[1] if same else None

    def _value(self, name: str) -> str | None:
        found = self.query(f"#{name}").results(Select)
        return next((str(select.value) for select in found if select.value is not Select.NULL), None)

    def _parameters(self) -> dict[str, str]:
        values: dict[str, str] = {}
        for name, row in self.rows().items():
            if name.startswith(PARAMETER):
                values[name.removeprefix(PARAMETER)] = typed_value(row.control)
        return values

    def draft(self) -> VectorDraft:
        """Return what the rows hold now."""
        return VectorDraft(
            choice=self.chosen(),
            credential=self._value("credential"),
            model=self._value("model"),
            parameters=self._parameters(),
            dimension=self.query_one("#dimension", Input).value,
            metric=Metric(self._value("metric") or Metric.COSINE),
            largest=self.largest,
        )


def model_label(model: ModelInfo) -> str:
    """Return a model's name, marked when it cannot be used here."""
    return model.name if model.available else f"{model.name} (not installed)"


def model_help(model: ModelInfo | None, lasting: str) -> str:
    """Return what to know about a model before it is chosen, and how long it stays."""
    known = f"{model.help} {model.ending}".strip() if model is not None else ""
    return f"{known or 'The model that makes the vectors.'} {lasting}"


def parameter_field(info: ParameterInfo, value: str = "") -> Field:
    """Return the row for one provider or model parameter, filled in with what is known of it."""
    name = PARAMETER + info.name
    control: Widget
    if info.options or info.type is ParameterType.BOOLEAN:
        values = info.options or ("true", "false")
        control = choice(
            name, [(one, one) for one in values], value or None, prompt=f"default: {info.default or 'none'}"
        )
    else:
        control = text_input(name, value, placeholder=info.hint)
    return Field(info.label, control, help=info.help, optional=not info.required)


def typed_value(control: Widget) -> str:
    """Return what stands in an input or a drop-down; empty when nothing is chosen."""
    if isinstance(control, Input):
        return control.value
    if isinstance(control, Select) and control.value is not Select.NULL:
        return str(control.value)
    return ""
