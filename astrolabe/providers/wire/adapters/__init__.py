"""One adapter per provider: how a request is built, an answer read, and an error's words found."""

from astrolabe.providers.wire.adapters.protocol import Adapter, AnswerError, Call, Parsed, Reply, Usage
from astrolabe.providers.wire.adapters.table import WireAdapter

__all__ = ["Adapter", "AnswerError", "Call", "Parsed", "Reply", "Usage", "WireAdapter"]
