"""The failure lab: which providers are to fail, switched on and off for everybody who works on a data folder.

Rules come from two places. Those kept with the data are switched on in the console or by ``astrolabe lab``, and hold
for every program on the data folder; those of the settings hold for one process, for as long as it runs. A provider's
own rule comes before one for all providers; where both places have one, the one kept with the data counts.
"""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from astrolabe.errors import NotFoundError, StorageError
from astrolabe.portal.audit.trail import AuditTrail
from astrolabe.portal.rules import Findings
from astrolabe.providers.catalogue.catalogue import Catalogue
from astrolabe.providers.catalogue.connectors import load_connectors
from astrolabe.providers.catalogue.provider_info import ProviderInfo
from astrolabe.providers.simulated.rules import (
    EVERY_PROVIDER,
    LONGEST_DELAY,
    MOST_CALLS,
    TROUBLES,
    Rule,
    SimulatedFailure,
)
from storage.catalog.catalog import Catalog, CatalogReader, CatalogWriter

LOOK_EVERY = 0.25
"""Seconds between two looks for what other programs have switched on or off."""

_SETTING = "failure_lab"

Rules = Mapping[str, Rule]
"""Rules by provider."""


@dataclass(frozen=True, slots=True)
class ActiveRule:
    """A rule as it is shown.

    Attributes:
        rule: The rule, with the calls that are left.
        from_settings: Whether it comes from the settings of this process, which cannot be switched off here.
    """

    rule: Rule
    from_settings: bool


class FailureLab:
    """Switches troubles on and off, and counts the calls that they answer.

    It is the :class:`~astrolabe.providers.simulated.rules.Lab` of a workspace.

    Args:
        catalog: Where rules are kept.
        catalogue: The providers.
        trail: Notes every change.
        settings: Rules of this process.
        read_only: Whether nothing may be written: calls are then counted in this process only.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        catalog: Catalog,
        catalogue: Catalogue,
        trail: AuditTrail,
        *,
        settings: Sequence[Rule] = (),
        read_only: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._catalog = catalog
        self._catalogue = catalogue
        self._trail = trail
        self._settings: Rules = {rule.provider: rule for rule in settings}
        self._read_only = read_only
        self._clock = clock
        self._kept: Rules = {}
        self._spent: Counter[tuple[Rule, bool]] = Counter()
        self._revision = -1
        self._looked_at = -math.inf

    async def rules(self) -> list[ActiveRule]:
        """Return what is on, by provider in the catalogue's order, the rules for all providers last.

        What other programs have changed is seen at once; that costs one small query.
        """
        await self._look(at_once=True)
        places = [*(provider.key for provider in lab_providers(self._catalogue)), EVERY_PROVIDER]
        return [one for place in places for one in self._at(place)]

    async def switch_on(self, rule: Rule) -> None:
        """Put a provider, or all of them, into trouble; a trouble it is in already is replaced.

        Raises:
            RuleError: The provider is unknown, or the delay or the number of calls is not allowed.
            StorageError: The data folder cannot be written.
        """
        check_rule(rule, self._catalogue)
        async with self._catalog.write() as rows:
            kept = {**await _read(rows), rule.provider: rule}
            await _write(rows, kept)
            await self._trail.note(rows, "lab.on", name=f"{rule.provider}: {rule.trouble.value}", **_detail(rule))
        self._remember(kept, rows.revision)

    async def switch_off(self, provider: str | None = None) -> list[Rule]:
        """End the trouble of a provider, or with None every trouble, and return what was ended.

        Raises:
            NotFoundError: The provider is in no trouble that can be ended here.
            StorageError: The data folder cannot be written.
        """
        async with self._catalog.write() as rows:
            kept = dict(await _read(rows))
            ended = [rule for rule in kept.values() if provider in {None, rule.provider}]
            if not ended and provider is not None:
                raise self._not_on(provider)
            for rule in ended:
                del kept[rule.provider]
                await self._trail.note(rows, "lab.off", name=rule.provider, **_detail(rule))
            if ended:
                await _write(rows, kept)
        self._remember(kept, rows.revision)
        return ended

    async def active(self, provider: str) -> bool:
        """Tell whether calls to a provider fail now; nothing is counted."""
        await self._look()
        return self._found(provider, creating=False) is not None

    async def take(self, provider: str, *, creating: bool = False) -> Rule | None:
        """Return the rule that answers one call in the provider's place, and count the call; None sends it."""
        await self._look()
        found = self._found(provider, creating=creating)
        if found is None:
            return None
        if found.rule.calls is None:
            return found.rule
        if found.from_settings or self._read_only:
            return self._count_here(found)
        return await self._count_down(provider, creating=creating)

    async def _count_down(self, provider: str, *, creating: bool) -> Rule | None:
        """Take one call off the rule as it stands in the data folder: another program may have taken the last one."""
        async with self._catalog.write() as rows:
            self._kept = await _read(rows)
            found = self._found(provider, creating=creating)
            if found is None or found.rule.calls is None:
                return None if found is None else found.rule
            if found.from_settings:
                return self._count_here(found)
            left = {key: rule for key, rule in self._kept.items() if key != found.rule.provider}
            if found.rule.calls > 1:
                left[found.rule.provider] = replace(found.rule, calls=found.rule.calls - 1)
            await _write(rows, left)
        self._remember(left, rows.revision)
        return found.rule

    def _count_here(self, found: ActiveRule) -> Rule:
        """Count a call in this process only."""
        whole = (self._settings if found.from_settings else self._kept)[found.rule.provider]
        self._spent[whole, found.from_settings] += 1
        return found.rule

    def _found(self, provider: str, *, creating: bool) -> ActiveRule | None:
        """Return the rule that concerns a call, with the calls that are left."""
        found = [*self._at(provider), *self._at(EVERY_PROVIDER)]
        return next((one for one in found if one.rule.concerns(creating=creating)), None)

    def _at(self, place: str) -> list[ActiveRule]:
        """Return the rules of one provider, or for all, that have calls left: the one kept with the data first."""
        found = []
        for rules, from_settings in ((self._kept, False), (self._settings, True)):
            rule = rules.get(place)
            if rule is not None and rule.calls is not None:
                left = rule.calls - self._spent[rule, from_settings]
                rule = replace(rule, calls=left) if left > 0 else None
            if rule is not None:
                found.append(ActiveRule(rule, from_settings=from_settings))
        return found

    def _remember(self, kept: Rules, revision: int) -> None:
        self._kept, self._revision = kept, revision

    async def _look(self, *, at_once: bool = False) -> None:
        """Read the rules again if anything in the catalog has changed, but do not ask at every call."""
        now = self._clock()
        if now - self._looked_at < LOOK_EVERY and not at_once:
            return
        self._looked_at = now
        try:
            revision = await self._catalog.revision()
            if revision != self._revision:
                async with self._catalog.read() as rows:
                    self._kept = await _read(rows)
                self._revision = revision
        except StorageError:  # whoever needs the catalog will say so; a provider can be asked without it
            return

    def _not_on(self, provider: str) -> NotFoundError:
        if provider in self._settings:
            return NotFoundError(
                f"The trouble of {provider} is set in the settings of this process and cannot be switched off here.",
                field="provider",
                hint="Take failure_lab out of the settings and start the program again.",
            )
        return NotFoundError(
            f"The provider '{provider}' is in no simulated trouble.",
            field="provider",
            hint="`astrolabe lab list` shows what is on.",
        )


def lab_providers(catalogue: Catalogue) -> list[ProviderInfo]:
    """Return every provider that can be put into trouble: the catalogue's, and those of connection strings alone."""
    own = [connector.provider for connector in load_connectors()]
    return [*catalogue.providers, *(provider for provider in own if provider is not None)]


def check_rule(rule: Rule, catalogue: Catalogue) -> None:
    """Refuse a rule that means nothing.

    Raises:
        RuleError: Everything that is wrong with it.
    """
    findings = Findings()
    known = [provider.key for provider in lab_providers(catalogue)]
    if rule.provider not in {*known, EVERY_PROVIDER}:
        message = f"There is no embedding provider '{rule.provider}'. Use {EVERY_PROVIDER}, or one of: "
        findings.add("provider", [f"{message}{', '.join(known)}."])
    findings.add("delay", delay_problems(rule.trouble, rule.delay))
    findings.add("calls", calls_problems(rule.calls))
    findings.raise_any()


def delay_problems(trouble: SimulatedFailure, delay: float | None) -> list[str]:
    """Return what is wrong with the seconds of a rule."""
    if delay is None:
        return []
    if TROUBLES[trouble].delay is None:
        timed = ", ".join(one.value for one, info in TROUBLES.items() if info.delay is not None)
        return [f"The trouble {trouble.value} has no delay; these have one: {timed}."]
    if not 0 <= delay <= LONGEST_DELAY:
        return [f"A delay is from 0 to {LONGEST_DELAY:,.0f} seconds."]
    return []


def calls_problems(calls: int | None) -> list[str]:
    """Return what is wrong with the number of calls of a rule."""
    if calls is None or 1 <= calls <= MOST_CALLS:
        return []
    return [f"The number of calls is from 1 to {MOST_CALLS:,}; leave it out for all calls until it is switched off."]


def _detail(rule: Rule) -> dict[str, str]:
    detail = {"provider": rule.provider, "trouble": rule.trouble.value}
    if rule.delay is not None:
        detail["delay"] = f"{rule.delay:g}"
    if rule.calls is not None:
        detail["calls"] = str(rule.calls)
    return detail


def _stored(rule: Rule) -> dict[str, str | float | int | None]:
    return {"trouble": rule.trouble.value, "delay": rule.delay, "calls": rule.calls}


async def _read(rows: CatalogReader) -> Rules:
    """Return the rules kept with the data; one that this program does not know is passed over."""
    text = await rows.setting(_SETTING)
    stored: dict[str, dict[str, object]] = json.loads(text) if text else {}
    known = {trouble.value for trouble in SimulatedFailure}
    rules = {}
    for provider, values in stored.items():
        if values.get("trouble") in known:
            rules[provider] = _rule(provider, values)
    return rules


async def _write(rows: CatalogWriter, kept: Rules) -> None:
    text = json.dumps({key: _stored(rule) for key, rule in kept.items()}) if kept else None
    await rows.put_setting(_SETTING, text)


def _rule(provider: str, values: Mapping[str, object]) -> Rule:
    delay, calls = values.get("delay"), values.get("calls")
    return Rule(
        provider,
        SimulatedFailure(str(values["trouble"])),
        float(delay) if isinstance(delay, int | float) else None,
        calls if isinstance(calls, int) else None,
    )
