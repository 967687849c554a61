"""Reading Ollama's own answer, trusting nothing."""

from __future__ import annotations

from astrolabe.providers.wire.adapters.answers import parse_bare
from astrolabe.providers.wire.adapters.protocol import AnswerError, Parsed, Usage
from astrolabe.providers.wire.foreign_json import counted


def parse_ollama(answer: object, count: int) -> Parsed:
    """Read ``{"embeddings": [[...], …], "prompt_eval_count": n}``, one list of numbers per text, in their order.

    Raises:
        AnswerError: Not such an object, the wrong number of vectors, or something else than numbers.
    """
    if not isinstance(answer, dict) or not isinstance(answer.get("embeddings"), list):
        raise AnswerError("has no embeddings in it", quote=True)
    tokens = counted(answer.get("prompt_eval_count"))
    usage = Usage(tokens, tokens)
    return Parsed(parse_bare(answer["embeddings"], count).vectors, usage)
