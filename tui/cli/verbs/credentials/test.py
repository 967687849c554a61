"""``astrolabe credentials test``: one short embedding from the provider, and everything that came back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import SecretStr

from astrolabe.errors import ProviderError, UsageError
from astrolabe.portal.credentials.connection_test import Question, Tested, ask_all, first_question, question_about
from astrolabe.providers.catalogue.provider_info import Hosting, ProviderInfo
from astrolabe.text.provider_report import WORDS_SHOWN, facts, title_of, verdict
from astrolabe.text.safe_text import display_text
from astrolabe.workspace import Workspace
from storage.secrets.references import SecretReference
from tui.cli.output import Format, emit, say, write_rows
from tui.cli.process import FAILED
from tui.cli.session import workspace_of
from tui.cli.verbs.collections.run import parameters_of
from tui.cli.verbs.credentials.arguments import TestArguments
from tui.cli.verbs.credentials.run import provider_secret

_LABEL_WIDTH = 12


async def test(args: TestArguments) -> int:
    """Ask the provider for one short embedding with each model that the credential is used with."""
    async with workspace_of(args) as workspace:
        provider = workspace.catalogue.get(args.provider)
        secret = await _trial(args, provider)
        if args.name is not None and secret is None:
            await workspace.integrations.credential(provider.key, args.name)
        questions = await _questions(workspace, provider, args)

        async def ask(question: Question) -> Tested:
            return await workspace.credential_usage.ask(question, args.name, secret, on_wait=_say_wait)

        tested = await ask_all(questions, ask)
    return write_tested(tested, Format(args.format))


def write_tested(tested: Sequence[Tested], form: Format) -> int:
    """Write the results of a connection test, and return the exit code that goes with them."""
    if form is Format.TABLE:
        emit(_lines(tested))
    else:
        write_rows([_row(one) for one in tested], form)
    return 0 if all(one.works for one in tested) else FAILED


async def _trial(args: TestArguments, provider: ProviderInfo) -> SecretStr | SecretReference | None:
    """Return a secret that is to be tried out, or None for the one that is stored."""
    given = args.secret_stdin or args.secret_env or args.secret_file or args.secret_command
    if given:
        return await provider_secret(args, provider)
    if args.name is None and provider.hosting is not Hosting.HOSTED:
        raise UsageError(
            f"Which {provider.credential_noun}?", hint="Give the NAME of a stored one, or a secret with --secret-…."
        )
    return None


async def _questions(workspace: Workspace, provider: ProviderInfo, args: TestArguments) -> list[Question]:
    parameters = parameters_of(args.param) if args.param else None
    if args.model is None:
        return await workspace.credential_usage.questions(provider.key, args.name, parameters=parameters)
    model = provider.model(args.model)
    if model is None:
        names = ", ".join(one.name for one in provider.models)
        raise UsageError(f"{provider.label} has no model '{args.model}'.", hint=f"It has: {names}.")
    given = parameters or await workspace.credential_usage.known_parameters(provider.key)
    first_question(provider, given)  # refuses what cannot be asked without further parameters
    return [question_about(provider, model, given)]


def _say_wait(seconds: float, reason: str) -> None:
    say(f"{reason}; next try in {seconds:.0f} s. Ctrl+C stops waiting.")


def _lines(tested: Sequence[Tested]) -> list[str]:
    lines = [verdict(tested)]
    for one in tested:
        lines += ["", display_text(one.model)]
        lines += [f"  {fact.label:{_LABEL_WIDTH}}{display_text(fact.text, limit=WORDS_SHOWN)}" for fact in facts(one)]
    return lines


def _row(tested: Tested) -> dict[str, Any]:
    """Return everything that is known of one request; what is not is None."""
    probe, error = tested.probe, tested.error
    failure = error if isinstance(error, ProviderError) else None
    answer = probe or failure
    return {
        "model": tested.model,
        "works": tested.works,
        "status": answer.status if answer else None,
        "milliseconds": None if tested.seconds is None else round(tested.seconds * 1000),
        "dimension": tested.dimension,
        "expected": tested.expected,
        "norm": round(probe.norm, 6) if probe and probe.norm is not None else None,
        "prompt_tokens": probe.usage.prompt_tokens if probe else None,
        "total_tokens": probe.usage.total_tokens if probe else None,
        "quota": dict(answer.quota) if answer else {},
        "request_id": (answer.request_id or None) if answer else None,
        "used_by": list(tested.used_by),
        "problem": title_of(error) if error else None,
        "failure": failure.failure.value if failure else None,
        "source": error.owner.value if error else None,
        "details": error.message if error else None,
        "said": failure.words if failure else None,
        "meaning": failure.meaning if failure else None,
        "to_do": (failure.step if failure else error.hint) if error else None,
    }
