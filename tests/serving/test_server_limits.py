"""What the server takes at most: settings, which the refusals name."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from pydantic import SecretStr

from astrolabe.serving import app
from astrolabe.serving.options import ServerOptions
from astrolabe.serving.request_rate import RequestRate
from tests.support.served import TOKEN, Served, served

MOST = 3


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve with little room; the second that its requests are counted in does not pass."""
    token = SecretStr(TOKEN)
    options = ServerOptions(port=0, token=token, largest_request=1 << 20, requests_per_second=MOST)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "RequestRate", lambda most, _clock: RequestRate(most, lambda: 0.0))
        with served(tmp_path_factory.mktemp("limited") / "data", options) as running:
            yield running


def test_the_refusals_name_the_settings(server: Served) -> None:
    large = server.post("/v1", b" " * ((1 << 20) + 1))
    assert (large.status_code, large.json()["errors"][0]["errorCode"]) == (413, "REQUEST_TOO_LARGE")
    assert "1 MB" in large.json()["errors"][0]["message"]
    assert "ASTROLABE_SERVER__LARGEST_REQUEST_MB" in large.json()["errors"][0]["message"]
    taken = [server.post("/v1", json={"findKeyspaces": {}}).status_code for _ in range(MOST - 1)]
    assert taken == [200, 200]
    refused = server.post("/v1", json={"findKeyspaces": {}})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    [error] = refused.json()["errors"]
    assert error["errorCode"] == "TOO_MANY_REQUESTS"
    assert f"More than {MOST} requests" in error["message"]
    assert "ASTROLABE_SERVER__REQUESTS_PER_SECOND" in error["message"]
    managing = server.post("/v2/databases", json={"name": "x"})
    assert managing.status_code == 429
    assert "ASTROLABE_SERVER__REQUESTS_PER_SECOND" in managing.json()["errors"][0]["message"]
    assert httpx.get(f"{server.address}/health").status_code == 200


def test_a_second_has_room_for_its_requests_and_for_no_more() -> None:
    times = iter([0.0, *[0.0] * 5, 0.25, 0.25, 0.5, 10.0, 10.0, 10.0, 10.0, 10.0])
    rate = RequestRate(4, lambda: next(times))
    assert [rate.take() for _ in range(5)] == [True] * 4 + [False]
    assert [rate.take(), rate.take(), rate.take()] == [True, False, True]
    assert [rate.take() for _ in range(5)] == [True] * 4 + [False]
    unlimited = RequestRate(None, lambda: 0.0)
    assert all(unlimited.take() for _ in range(100))
