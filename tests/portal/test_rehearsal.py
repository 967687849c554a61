"""What a change would stop and bring back, as a pure function."""

from __future__ import annotations

from datetime import UTC, datetime

from astrolabe.portal.credentials.rehearsal import Stopped, mismatches, reason, rehearse, stopped, with_scope, without
from astrolabe.portal.organization import Database, DatabaseStatus, Dependent, RemovedCredential, ServiceConfig

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SHOP, DESK = (Database(name, name, "aws", "us-east-2", DatabaseStatus.ACTIVE, NOW) for name in ("shop", "desk"))
PROD, TEST = ("openai", "prod"), ("openai", "test")
SCOPES = {PROD: frozenset({"shop"}), TEST: frozenset({"shop", "desk"})}


def uses(name: str, database: Database, credential: tuple[str, str], column: str | None = None) -> Dependent:
    provider, key = credential
    return Dependent(database, "ks", name, ServiceConfig(provider, "m", f"{key}.providerKey"), 3, column)


A, B = uses("a", SHOP, PROD), uses("b", DESK, PROD)
C, D = uses("c", SHOP, TEST), uses("rows", DESK, TEST, "summary")
ALL = [A, B, C, D]


def test_removing_stops_what_worked_and_says_what_was_stopped_already() -> None:
    found = rehearse(SCOPES, without(SCOPES, PROD), ALL)
    assert (found.stops, found.still_stopped) == ((A,), (B,))
    assert found.comes_back == found.goes_on == ()


def test_removing_an_integration_stops_everything_of_it() -> None:
    assert rehearse(SCOPES, without(SCOPES, PROD, TEST), ALL).stops == (A, C, D)


def test_a_wider_scope_brings_back_and_a_narrower_one_stops() -> None:
    wider = rehearse(SCOPES, with_scope(SCOPES, PROD, {"shop", "desk"}), ALL)
    assert (wider.comes_back, wider.goes_on, wider.stops) == ((B,), (A,), ())
    narrower = rehearse(SCOPES, with_scope(SCOPES, TEST, {"shop"}), ALL)
    assert (narrower.stops, narrower.goes_on) == ((D,), (C,))


def test_adding_the_same_name_again_brings_back_and_another_name_does_not() -> None:
    gone = without(SCOPES, PROD)
    assert rehearse(gone, with_scope(gone, PROD, {"shop"}), ALL).comes_back == (A,)
    assert rehearse(gone, with_scope(gone, ("openai", "Prod"), {"shop"}), ALL).comes_back == ()
    assert rehearse(gone, with_scope(gone, ("voyageAI", "prod"), {"shop"}), ALL).comes_back == ()


def test_why_something_is_stopped() -> None:
    assert stopped(A, SCOPES) is None
    assert stopped(B, SCOPES) is Stopped.OUT_OF_SCOPE
    assert stopped(A, {}) is Stopped.MISSING
    assert "no API key 'prod'" in reason(A, Stopped.MISSING, "API key")
    assert "desk is not in the scope of the API key 'prod'" in reason(B, Stopped.OUT_OF_SCOPE, "API key")
    assert D.label == "desk: ks.rows.summary"


def test_a_mismatch_is_pointed_out() -> None:
    removed = [RemovedCredential("openai", "prod", (SHOP, DESK), 0, NOW)]
    waiting = [A, B]
    assert mismatches("prod", ["shop", "desk"], removed, waiting) == []
    (wrong_name,) = mismatches("production", ["shop", "desk"], removed, waiting)
    assert "wait for: prod" in wrong_name
    (narrow,) = mismatches("prod", ["shop"], removed, waiting)
    assert "also had: desk" in narrow
    assert "desk: ks.b" in narrow
    assert mismatches("brand-new", ["shop"], removed, []) == [], "nothing waits, so any name is fine"
