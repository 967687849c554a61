"""What a provider answered, in words: for the connection test, the error dialog and the command line.

Everything that comes out of here may hold foreign text, so it is shown through ``display_text``. This module imports no
terminal framework, so the command line uses it too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from astrolabe.dataapi.language.provider_errors import provider_error
from astrolabe.errors import AstrolabeError, DataApiError, ProviderError
from astrolabe.portal.credentials.connection_test import Tested
from astrolabe.providers.embedding.engine import Probe
from astrolabe.providers.throttle.quota import Headroom, headroom

WORDS_SHOWN = 600
"""Characters of a provider's own words; all of them are in the error dialog and in JSON."""

_SHOWN_LONGER = 100
"""Seconds from which no tenths are shown."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a result: what it is about, what was found, and whether that is wrong."""

    label: str
    text: str
    wrong: bool = False


def seconds_words(seconds: float) -> str:
    """Return a duration as ``412 ms``, ``3.2 s`` or ``120 s``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.0f} s" if seconds >= _SHOWN_LONGER else f"{seconds:.1f}".removesuffix(".0") + " s"


def headroom_words(quotas: Sequence[Headroom]) -> str:
    """Return what is left of each quota: ``59 of 60 requests, full again in 1 s``."""
    return "; ".join(map(_quota_words, quotas))


def _quota_words(quota: Headroom) -> str:
    of = f" of {quota.limit:,}" if quota.limit is not None else ""
    reset = f", full again in {seconds_words(quota.resets_in)}" if quota.resets_in else ""
    return f"{quota.remaining:,}{of} {quota.what}{reset}"


def facts(tested: Tested, *, timeless: bool = False) -> list[Fact]:
    """Return what one request of a connection test found, line by line.

    Args:
        tested: The request's outcome.
        timeless: Leave out durations.
    """
    found = _answer_facts(tested, tested.probe, timeless=timeless) if tested.probe is not None else []
    if tested.error is not None:
        found = _failure_facts(tested.error, timeless=timeless)
    if (tested.probe is not None and tested.probe.simulated) or getattr(tested.error, "simulated", False):
        found.insert(0, Fact("Simulated", "the failure lab answered in the provider's place", wrong=True))
    if tested.used_by:
        found.append(Fact("Used by", ", ".join(tested.used_by)))
    return found


def _answer_facts(tested: Tested, probe: Probe, *, timeless: bool) -> list[Fact]:
    took = "" if timeless else f" in {seconds_words(probe.seconds)}"
    answered = f"HTTP {probe.status}" if probe.status is not None else "computed on this machine"
    found = [Fact("Status", f"{answered}{took}"), Fact("Dimension", _dimension(tested), not tested.right_dimension)]
    if probe.norm is not None:
        found.append(Fact("Norm", f"{probe.norm:.3f}"))
    tokens = probe.usage.total_tokens if probe.usage.total_tokens is not None else probe.usage.prompt_tokens
    if tokens is not None:
        found.append(Fact("Usage", f"{tokens:,} token{'' if tokens == 1 else 's'}"))
    return [*found, *_header_facts(probe.quota, probe.request_id)]


def _dimension(tested: Tested) -> str:
    if tested.expected is None:
        return f"{tested.dimension} found; a collection with this model needs exactly that many"
    if tested.right_dimension:
        return f"{tested.dimension} found, as configured"
    return f"{tested.dimension} found, but {tested.expected} configured: vectors of this model do not fit"


def _header_facts(quota: Mapping[str, str], request_id: str) -> list[Fact]:
    found = []
    quotas = headroom(quota)
    if quotas:
        found.append(Fact("Quota left", headroom_words(quotas)))
    named = [f"{name}: {value}" for name, value in quota.items() if name.startswith("retry-after")]
    shown = named if quotas else [f"{name}: {value}" for name, value in quota.items()]
    if shown:
        found.append(Fact("Limits", "; ".join(shown)))
    if request_id:
        found.append(Fact("Request id", request_id))
    return found


def _failure_facts(error: AstrolabeError, *, timeless: bool) -> list[Fact]:
    found = [Fact("Problem", title_of(error), wrong=True)]
    if not isinstance(error, ProviderError):
        return [*found, Fact("Source", error.owner.value), Fact("Details", error.message), Fact("To do", error.hint)]
    took = "" if timeless or error.seconds is None else f" in {seconds_words(error.seconds)}"
    if error.status is not None:
        found.append(Fact("Status", f"HTTP {error.status}{took}"))
    elif error.seconds is not None:
        found.append(Fact("Status", f"no usable answer{took}"))
    found.append(Fact("Source", error.owner.value))
    found.append(Fact("It said", error.words) if error.words else Fact("Details", error.message))
    found += [Fact("Likely", error.meaning)] if error.meaning else []
    found += [Fact("To do", error.step)] if error.step else []
    return [*found, *_header_facts(error.quota, error.request_id)]


def title_of(error: AstrolabeError) -> str:
    """Return an error's heading; a provider's failure has the one that the Data API gives it."""
    return provider_error(error).title if isinstance(error, ProviderError) else error.title


def failure_of(error: AstrolabeError) -> ProviderError | None:
    """Return the provider's failure that an error is, or that it tells of in the Data API's words."""
    if isinstance(error, ProviderError):
        return error
    return error.provider_error if isinstance(error, DataApiError) else None


def verdict(tested: Sequence[Tested]) -> str:
    """Return the outcome of a connection test in a sentence."""
    failed = [one for one in tested if one.error is not None]
    if failed:
        return "The connection does not work." if len(failed) == len(tested) else "The connection works in part."
    if not all(one.works for one in tested):
        return "The connection works, but a dimension does not fit."
    return "The connection works."
