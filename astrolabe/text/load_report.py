"""How far a load is, in words: for the progress dialog and the command line."""

from __future__ import annotations

from astrolabe.loading.load_plan import LoadPhase, LoadProgress


def progress_parts(progress: LoadProgress) -> list[str]:
    """Return what is done of how many, how fast, how long yet, how many were refused and how many were known."""
    verb = "checked" if progress.phase is LoadPhase.CHECKING else "done"
    of = f" of {progress.total:,}" if progress.total else ""
    parts = [f"{progress.done:,}{of} rows {verb}", f"{progress.rate:,.0f} rows/s"]
    if progress.eta is not None:
        parts.append(f"{clock_words(progress.eta)} left")
    if progress.failed:
        parts.append(f"{progress.failed:,} refused")
    if progress.from_cache:
        parts.append(f"{progress.from_cache:,} from the cache")
    return parts


def clock_words(seconds: float) -> str:
    """Return seconds as ``42 s`` or ``3 min 05 s``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
