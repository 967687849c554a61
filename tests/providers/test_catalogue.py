"""The catalogue says what the documents say."""

from __future__ import annotations

import re
from datetime import date
from importlib import resources

import pytest

from astrolabe.errors import NotFoundError
from astrolabe.providers.catalogue import catalogue as catalogue_module
from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.providers.catalogue.provider_info import AuthenticationType, Hosting, ModelInfo, ModelStatus

CATALOGUE = load_catalogue()
EXTERNAL = [provider for provider in CATALOGUE.providers if provider.hosting is Hosting.EXTERNAL]


def test_the_ten_providers_come_in_the_portals_order() -> None:
    assert [(provider.key, provider.label) for provider in CATALOGUE.providers] == [
        ("azureOpenAI", "Azure OpenAI"),
        ("huggingfaceDedicated", "Hugging Face - Dedicated"),
        ("huggingface", "Hugging Face - Serverless"),
        ("jinaAI", "Jina AI"),
        ("mistral", "Mistral AI"),
        ("nvidia", "NVIDIA"),
        ("openai", "OpenAI"),
        ("upstageAI", "Upstage"),
        ("voyageAI", "Voyage AI"),
        ("embedded", "Embedded"),
    ], "a provider came or went: docs/architecture.md says what goes with it"


def test_only_nvidia_and_embedded_need_no_credential() -> None:
    assert {provider.key for provider in CATALOGUE.providers} - {provider.key for provider in EXTERNAL} == {
        "nvidia",
        "embedded",
    }


def test_hugging_face_has_user_access_tokens_and_everybody_else_api_keys() -> None:
    nouns = {provider.key: provider.credential_noun for provider in CATALOGUE.providers}
    assert {key for key, noun in nouns.items() if noun == "user access token"} == {
        "huggingface",
        "huggingfaceDedicated",
    }
    assert set(nouns.values()) == {"user access token", "API key"}


@pytest.mark.parametrize(
    ("key", "batch"),
    [("openai", 2048), ("azureOpenAI", 2048), ("huggingface", 32), ("huggingfaceDedicated", 32), ("jinaAI", 32),
     ("mistral", 32), ("nvidia", 8), ("upstageAI", 1), ("voyageAI", 32)],
)  # fmt: skip
def test_batch_limits(key: str, batch: int) -> None:
    assert CATALOGUE.get(key).batch_limit == batch


def test_the_data_api_never_sends_more_texts_than_a_provider_takes() -> None:
    most = {provider.key: provider.request_texts for provider in CATALOGUE.providers if provider.request_texts}
    assert most == {"mistral": 256, "upstageAI": 100, "voyageAI": 1000}
    assert all(CATALOGUE.get(key).batch_limit <= texts for key, texts in most.items())


def test_voyage_limits_the_tokens_of_a_request_by_model() -> None:
    voyage = load_catalogue(unlisted_models=True).get("voyageAI")
    assert {model.name: model.request_tokens for model in voyage.models if model.request_tokens} == {
        "voyage-4-large": 120_000,
        "voyage-4": 320_000,
        "voyage-4-lite": 1_000_000,
        "voyage-3.5": 320_000,
        "voyage-3.5-lite": 1_000_000,
        "voyage-3-large": 120_000,
        "voyage-code-3": 120_000,
    }


def test_every_model_but_the_endpoints_own_says_how_long_a_text_may_be() -> None:
    spoken_to = [provider for provider in load_catalogue(unlisted_models=True).providers if provider.url]
    silent = [model.name for provider in spoken_to for model in provider.models if model.context_tokens is None]
    assert silent == ["endpoint-defined-model"]


def test_both_marks_of_each_model() -> None:
    models = [model for provider in load_catalogue(unlisted_models=True).providers for model in provider.models]
    gone = {model.name for model in models if not model.current}
    assert gone == {
        "NV-Embed-QA",
        "voyage-large-2-instruct",
        "voyage-large-2",
        "voyage-2",
        "voyage-multilingual-2",
    }
    assert all(model.listed_by_astra for model in models if not model.current)
    newer = {"jina-embeddings-v4", "codestral-embed", "nvidia/nv-embedqa-e5-v5", "solar-embedding-2", "voyage-4"}
    assert newer <= {model.name for model in models if not model.listed_by_astra}


def test_models_carry_the_day_on_which_their_provider_ends_them() -> None:
    models = {
        model.name: model for provider in load_catalogue(unlisted_models=True).providers for model in provider.models
    }
    assert models["solar-embedding-1-large"].ends == date(2026, 12, 31)
    assert models["solar-embedding-1-large"].ending == "The provider ends this model on 2026-12-31."
    assert models["voyage-law-2"].ends == date(2027, 12, 1)
    assert models["solar-embedding-2"].ends is None
    assert models["solar-embedding-2"].ending == ""


@pytest.mark.parametrize(
    ("ends", "status", "offered"),
    [
        (None, ModelStatus.SUPPORTED, True),
        (date(2026, 11, 21), ModelStatus.SUPPORTED, True),
        (date(2026, 11, 20), ModelStatus.SUPPORTED, True),
        (date(2026, 11, 19), ModelStatus.SUPPORTED, False),
        (None, ModelStatus.DEPRECATED, False),
    ],
)
def test_a_model_is_offered_until_its_last_day(ends: date | None, status: ModelStatus, offered: bool) -> None:
    assert ModelInfo("m", 8, ends=ends, status=status).offered_on(date(2026, 11, 20)) is offered


def test_dimensions_are_fixed_or_a_range_with_the_documented_default() -> None:
    def dimensions(key: str) -> dict[str, object]:
        return {
            model.name: model.dimension or (model.dimension_range, model.default_dimension)
            for model in CATALOGUE.get(key).models
        }

    assert dimensions("openai") == {
        "text-embedding-3-small": ((2, 1536), 1536),
        "text-embedding-3-large": ((256, 3072), 3072),
        "text-embedding-ada-002": 1536,
    }
    assert dimensions("azureOpenAI")["text-embedding-3-large"] == ((256, 3072), 1536)
    assert dimensions("huggingfaceDedicated") == {"endpoint-defined-model": ((2, 3072), None)}
    assert dimensions("huggingface") == {
        "sentence-transformers/all-MiniLM-L6-v2": 384,
        "intfloat/multilingual-e5-large": 1024,
        "intfloat/multilingual-e5-large-instruct": 1024,
        "BAAI/bge-small-en-v1.5": 384,
        "BAAI/bge-base-en-v1.5": 768,
        "BAAI/bge-large-en-v1.5": 1024,
    }
    assert dimensions("jinaAI")["jina-embeddings-v3"] == ((1, 1024), 1024)
    assert dimensions("mistral") == {"mistral-embed": 1024}
    assert dimensions("nvidia") == {"NV-Embed-QA": 1024}
    assert dimensions("upstageAI") == {"solar-embedding-1-large": 4096}
    assert len(dimensions("voyageAI")) == 7
    assert dimensions("embedded") == {"wordllama-l2-supercat-256": 256, "all-MiniLM-L6-v2": 384}


def test_every_model_has_exactly_one_way_to_say_its_dimension() -> None:
    for provider in load_catalogue(unlisted_models=True).providers:
        for model in provider.models:
            assert (model.dimension is None) != (model.dimension_range is None), model.name
            default = model.default_dimension
            assert default is None or model.accepts_dimension(default), model.name


def test_parameters_of_an_address_are_required_and_the_others_are_not() -> None:
    for provider in CATALOGUE.providers:
        in_address = set(re.findall(r"\{(\w+)\}", provider.url or "")) - {"modelId"}
        assert {parameter.name for parameter in provider.parameters if parameter.required} == in_address, provider.key


def test_every_parameter_can_be_explained_in_a_dialog() -> None:
    for provider in CATALOGUE.providers:
        for parameter in provider.parameters:
            assert parameter.label
            assert parameter.hint
            assert parameter.help
        assert provider.description


def test_external_providers_take_a_header_or_a_stored_key() -> None:
    for provider in EXTERNAL:
        modes = provider.authentication
        header = "api-key" if provider.key == "azureOpenAI" else "Authorization"
        assert not modes[AuthenticationType.NONE].enabled
        for mode, accepted in (
            (AuthenticationType.HEADER, "x-embedding-api-key"),
            (AuthenticationType.SHARED_SECRET, "providerKey"),
        ):
            assert modes[mode].enabled
            assert [(token.accepted, token.forwarded) for token in modes[mode].tokens] == [(accepted, header)]


def test_hosted_providers_take_no_key() -> None:
    assert list(CATALOGUE.get("nvidia").authentication) == [AuthenticationType.NONE]
    assert CATALOGUE.get("nvidia").authentication[AuthenticationType.NONE].enabled


def test_nvidia_waits_for_an_address_from_the_settings() -> None:
    nvidia = CATALOGUE.get("nvidia")
    assert not nvidia.available
    assert "ASTROLABE_PROVIDERS__nvidia__URL" in nvidia.unavailable_reason
    assert nvidia.regions
    assert load_catalogue(configured=["NVIDIA"]).get("nvidia").available


def test_names_where_the_api_differs_from_the_portal() -> None:
    assert CATALOGUE.get("nvidia").display_name == "Nvidia"
    assert CATALOGUE.get("openai").display_name == "OpenAI"
    assert CATALOGUE.get("openai").listed_url == "https://api.openai.com/v1/"
    assert CATALOGUE.get("openai").url == "https://api.openai.com/v1/embeddings"
    assert CATALOGUE.get("embedded").listed_url is None


def test_models_that_the_api_does_not_list_are_offered_only_on_demand() -> None:
    listed = {model.name for provider in CATALOGUE.providers for model in provider.models}
    everything = {model.name: model for p in load_catalogue(unlisted_models=True).providers for model in p.models}
    assert "voyage-4" not in listed
    assert everything["voyage-4"].current
    assert not everything["voyage-4"].listed_by_astra
    assert listed < everything.keys()
    assert not everything["voyage-2"].current


def test_a_model_with_a_few_dimensions_accepts_only_those() -> None:
    model = load_catalogue(unlisted_models=True).get("voyageAI").model("voyage-4")
    assert model is not None
    assert model.accepts_dimension(512)
    assert not model.accepts_dimension(513)
    assert not ModelInfo("fixed", dimension=8).accepts_dimension(9)


def test_an_unknown_key_is_refused_with_those_that_exist() -> None:
    assert CATALOGUE.find("OpenAI") is None
    with pytest.raises(NotFoundError) as caught:
        CATALOGUE.get("OpenAI")
    assert "openai" in caught.value.hint


def test_every_provider_but_embedded_has_a_wire_format() -> None:
    assert [provider.key for provider in CATALOGUE.providers if CATALOGUE.wire(provider.key) is None] == ["embedded"]


def test_the_table_is_part_of_the_package() -> None:
    assert resources.files(catalogue_module.__package__).joinpath("catalogue.toml").is_file()


def test_an_unavailable_package_makes_embedded_unavailable_and_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    embedded = load_catalogue().get("embedded")
    assert not embedded.available
    assert "pip install wordllama" in embedded.unavailable_reason
