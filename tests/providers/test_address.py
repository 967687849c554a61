"""Where requests go, and where a key must never go."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.providers.catalogue.address import AddressError, check, fill, host_of, is_loopback

DEDICATED = "https://{endpointName}.{regionName}.{cloudName}.endpoints.huggingface.cloud/embeddings"


def test_parameters_become_the_host() -> None:
    parameters = {"endpointName": "mtp1x7", "regionName": "us-east-2", "cloudName": "aws"}
    assert fill(DEDICATED, "m", parameters) == ("https://mtp1x7.us-east-2.aws.endpoints.huggingface.cloud/embeddings")


def test_a_models_name_keeps_its_slash() -> None:
    assert fill("https://h/{modelId}/x", "BAAI/bge small", {}) == "https://h/BAAI/bge%20small/x"


def test_other_path_parameters_are_escaped() -> None:
    assert fill("https://h/{deploymentId}/x?v=1", "m", {"deploymentId": "a/b?c#d"}) == "https://h/a%2Fb%3Fc%23d/x?v=1"


@pytest.mark.parametrize(
    "value", ["", "evil.example/", "a.b", "a@b", "a:80", "a/b", "a#", "a?", "-a", "a b", "ü", "a\n"]
)
def test_a_parameter_cannot_change_the_host(value: str) -> None:
    parameters = {"endpointName": value, "regionName": "r", "cloudName": "c"}
    with pytest.raises(AddressError) as caught:
        fill(DEDICATED, "m", parameters)
    assert caught.value.parameter == "endpointName"


@given(st.text(max_size=40))
def test_whatever_the_parameter_is_the_key_goes_to_the_providers_domain(value: str) -> None:
    try:
        url = fill(DEDICATED, "m", {"endpointName": value, "regionName": "r", "cloudName": "c"})
    except AddressError:
        return
    assert (urlsplit(url).hostname or "").endswith(".endpoints.huggingface.cloud")


@given(st.text(max_size=40))
def test_whatever_a_path_parameter_is_the_host_and_the_query_stay(value: str) -> None:
    try:
        url = fill("https://host.example/a/{deploymentId}/b?v=1", "m", {"deploymentId": value})
    except AddressError:
        return
    parts = urlsplit(url)
    assert (parts.netloc, parts.query, parts.fragment) == ("host.example", "v=1", "")
    assert parts.path.startswith("/a/")
    assert parts.path.endswith("/b")


@pytest.mark.parametrize("value", ["..", ".", "", "a/../b"])
def test_a_path_parameter_cannot_climb(value: str) -> None:
    with pytest.raises(AddressError):
        fill("https://h/{modelId}/x", value, {})


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(AddressError, match="'regionName'") as caught:
        fill(DEDICATED, "m", {"endpointName": "e"})
    assert caught.value.parameter == "regionName"


@pytest.mark.parametrize(
    "url", ["https://api.openai.com/v1", "http://127.0.0.1:80/x", "http://localhost/x", "http://[::1]:9/x", "http://127.8.9.1"]
)  # fmt: skip
def test_safe_addresses(url: str) -> None:
    check(url, allow_plain_http=False)


@pytest.mark.parametrize("url", ["http://gpu-box:8080/embed", "http://10.0.0.7/x", "http://127.0.0.1.evil.example/"])
def test_plain_http_to_another_machine_needs_leave(url: str) -> None:
    with pytest.raises(AddressError, match="not encrypted"):
        check(url, allow_plain_http=False)
    check(url, allow_plain_http=True)


@pytest.mark.parametrize(
    "url", ["", "ftp://h/x", "file:///etc/passwd", "https://", "api.openai.com", "http://[::1", "http://h:x/"]
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(AddressError, match="not a web address"):
        check(url, allow_plain_http=True)


def test_a_retired_address_says_where_it_went() -> None:
    with pytest.raises(AddressError, match="retired") as caught:
        check("https://api-inference.huggingface.co/models/x", allow_plain_http=False)
    assert "router.huggingface.co" in caught.value.hint


def test_loopback_names() -> None:
    assert is_loopback("LOCALHOST")
    assert not is_loopback("localhost.example")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:secret@h.example:8443/p?key=secret", "h.example:8443"),
        ("https://h.example/p", "h.example"),
        ("http://[::1]:11434/v1", "[::1]:11434"),
        ("http://[::1]/v1", "[::1]"),
    ],
)
def test_only_the_host_and_the_port_of_an_address_are_shown(url: str, shown: str) -> None:
    assert host_of(url) == shown
