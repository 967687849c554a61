"""``astrolabe cache``: what the cache of embeddings holds and saves, and a way to empty it."""

from __future__ import annotations

from tui.cli.output import Format, say, write_rows
from tui.cli.session import workspace_of
from tui.cli.verbs.cache.arguments import ClearArguments, ShowArguments


async def show(args: ShowArguments) -> int:
    """Print the file, what is in it, and how often it was of use."""
    async with workspace_of(args) as workspace:
        enabled = workspace.options.cache_bytes is not None
        facts = await workspace.embedding_cache.facts()
    row = {
        "path": str(facts.path),
        "state": "on" if enabled else "off",
        "entries": facts.entries,
        "megabytes": round(facts.size / 1024**2, 1),
        "limit_mb": round(facts.most / 1024**2),
        "hits": facts.hits,
        "misses": facts.misses,
    }
    write_rows([row], Format(args.format), whole=True)
    if facts.problem is not None:
        say(facts.problem.message)
    return 0


async def clear(args: ClearArguments) -> int:
    """Forget every vector."""
    async with workspace_of(args) as workspace:
        removed = await workspace.clear_embedding_cache()
    say(f"The cache of embeddings is empty; {removed:,} vectors were forgotten.")
    return 0


def megabytes(size: int) -> str:
    """Return a size in megabytes, for people."""
    return f"{size / 1024**2:,.1f} MB"
