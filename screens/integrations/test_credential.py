"""From a credential, stored or about to be, to its connection test."""

from __future__ import annotations

from pydantic import SecretStr

from astrolabe.errors import RuleError
from astrolabe.portal.credentials.connection_test import Question, Tested, first_question, models_to_ask
from astrolabe.providers.catalogue.provider_info import Hosting, ProviderInfo
from astrolabe.providers.embedding.waiting import WaitListener
from screens.kit.app_base import Console
from screens.kit.test_connection import ConnectionForm, TestConnectionDialog
from storage.secrets.references import SecretReference


async def open_test(app: Console, provider: ProviderInfo, name: str | None) -> None:
    """Test a stored credential, or a provider that needs none.

    What the collections ask that use the credential is asked at once. Where none does, the user chooses first.
    """
    await _open(app, provider, name, None)


async def open_trial(
    app: Console,
    provider: ProviderInfo,
    secret: SecretStr | SecretReference,
    name: str = "",
    *,
    stored: str | None = None,
) -> None:
    """Test a secret that is not stored: a new credential's, or one that is to take another's place.

    Args:
        app: The console.
        provider: The provider.
        secret: The secret, or where it is read from.
        name: What the credential will be called, as far as that is known.
        stored: The credential whose place it is to take; its collections say what is asked.
    """
    await _open(app, provider, stored, secret, name or stored or f"new {provider.credential_noun}")


async def _open(
    app: Console,
    provider: ProviderInfo,
    stored: str | None,
    secret: SecretStr | SecretReference | None,
    shown: str | None = None,
) -> None:
    usage = app.workspace.credential_usage
    questions: list[Question] = []
    if stored is not None:
        try:
            questions = [one for one in await usage.questions(provider.key, stored) if one.used_by]
        except RuleError:  # nothing uses it, and the provider needs to be told more: the form asks for it
            questions = []
    if not questions and not provider.parameters and len(models_to_ask(provider)) == 1:
        questions = [first_question(provider, {})]
    form = None if questions else ConnectionForm(provider, await usage.known_parameters(provider.key))
    named = stored if provider.hosting is not Hosting.HOSTED else None

    async def ask(question: Question, on_wait: WaitListener | None) -> Tested:
        return await usage.ask(question, named, secret, on_wait=on_wait)

    app.ask(TestConnectionDialog(shown or stored or provider.label, ask, questions=questions, form=form))
