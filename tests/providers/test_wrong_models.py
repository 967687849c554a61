"""A chat model where an embedding model belongs, in the words of those who serve one."""

from __future__ import annotations

import pytest

from astrolabe.errors import Owner, ProviderFailure
from tests.providers.setup import SUBJECTS, Bench
from tests.support.provider_server import Answer, ProviderServer

CHAT = {"object": "chat.completion", "choices": [{"message": {"role": "assistant", "content": "Hello!"}}]}


@pytest.mark.parametrize(
    ("provider", "status", "words"),
    [
        ("azureOpenAI", 400, "The embeddings operation does not work with the specified model, gpt-4o."),
        ("huggingfaceDedicated", 400, "The model does not support Embeddings API"),
        ("openai", 403, "You are not allowed to generate embeddings from this model"),
        (
            "huggingface",
            400,
            "SentenceSimilarityPipeline.__call__() missing 1 required positional argument: 'sentences'",
        ),
    ],
)
async def test_the_words_for_it_are_known(
    bench: Bench, server: ProviderServer, provider: str, status: int, words: str
) -> None:
    subject = SUBJECTS[provider]
    server.script(Answer(status, subject.error_body(words)))
    error = await bench.fail(subject)
    assert error.failure is ProviderFailure.WRONG_MODEL
    assert (error.owner, error.attempts, error.words) == (Owner.REQUEST, 1, words)
    assert "no embedding model" in error.meaning


async def test_an_answer_of_a_chat_model_is_recognised(bench: Bench, server: ProviderServer) -> None:
    server.script(Answer(body=CHAT))
    error = await bench.fail(SUBJECTS["openai"])
    assert "is that of a chat model" in error.message
    assert "no embedding model" in error.meaning


async def test_a_chat_endpoint_has_no_embeddings_route(bench: Bench, server: ProviderServer) -> None:
    server.script(Answer(404, "Not Found"))
    error = await bench.fail(SUBJECTS["huggingfaceDedicated"])
    assert "no embeddings route" in error.meaning
    assert "Text Embeddings Inference" in error.step
