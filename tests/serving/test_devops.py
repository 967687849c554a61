"""The admin classes of the Python client manage databases, keyspaces and regions through the server."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from astrapy import AstraDBAdmin, DataAPIClient
from astrapy.api_options import APIOptions, DevOpsAPIURLOptions
from astrapy.exceptions import DevOpsAPIHttpException

from tests.support.served import DATABASE, TOKEN, Served, served


@pytest.fixture
def admin(server: Served, monkeypatch: pytest.MonkeyPatch) -> AstraDBAdmin:
    for name in ("DATABASE", "KEYSPACE"):  # the client waits for seconds before it looks for the first time
        monkeypatch.setattr(f"astrapy.admin.admin.DEV_OPS_{name}_POLL_INTERVAL_S", 0.01)
    urls = DevOpsAPIURLOptions(dev_ops_url=server.address)
    return DataAPIClient(TOKEN, api_options=APIOptions(dev_ops_api_url_options=urls)).get_admin()


def test_databases_are_created_listed_and_dropped(admin: AstraDBAdmin) -> None:
    made = admin.create_database(
        "made", cloud_provider="GCP", region="us-east1", keyspace="extra", wait_until_active=True
    )
    info = admin.database_info(made.id)
    assert (info.name, info.status, info.cloud_provider) == ("made", "ACTIVE", "GCP")
    assert [region.name for region in info.regions] == ["us-east1"]
    assert set(info.keyspaces) == {"default_keyspace", "extra"}
    assert {found.name for found in admin.list_databases()} == {DATABASE, "made"}
    assert [found.name for found in admin.list_databases(provider="GCP")] == ["made"]
    assert {found.name for found in admin.list_databases(page_size=1)} == {DATABASE, "made"}
    made.create_keyspace("more")
    assert "more" in made.list_keyspaces()
    made.drop_keyspace("more")
    assert "more" not in made.list_keyspaces()
    made.drop()
    assert [found.name for found in admin.list_databases()] == [DATABASE]


def test_regions_are_those_of_the_create_database_dialog(admin: AstraDBAdmin) -> None:
    regions = admin.find_available_regions()
    assert ("aws", "us-east-2") in {(region.cloud_provider.lower(), region.name) for region in regions}


def test_what_does_not_exist_is_not_found(server: Served, admin: AstraDBAdmin) -> None:
    with pytest.raises(DevOpsAPIHttpException) as caught:
        admin.database_info("00000000-0000-4000-8000-000000000000")
    assert caught.value.response.status_code == 404
    answer = httpx.get(f"{server.address}/v2/nothing", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (answer.status_code, set(answer.json())) == (404, {"errors"})


def test_without_a_token_nothing_is_managed(server: Served) -> None:
    answer = httpx.get(f"{server.address}/v2/databases")
    assert answer.status_code == 401
    assert "token" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"name": "x", "cloudProvider": "aws", "region": "nowhere"}'])
def test_a_wrong_draft_is_refused(tmp_path: Path, body: bytes) -> None:
    with served(tmp_path / "data") as server:
        answer = server.post("/v2/databases", body)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["message"]
