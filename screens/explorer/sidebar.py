"""How the Data Explorer's list tells collections from tables, and what it says of the chosen one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.language.named_vectors import NamedVector
from astrolabe.portal.credentials.usage import Disabled
from astrolabe.text.safe_text import display_text
from storage.shapes import ContainerKind

MARKS: Mapping[ContainerKind, str] = {ContainerKind.COLLECTION: "{}", ContainerKind.TABLE: "▦ "}
"""What stands before the name of a collection and of a table."""

DISABLED = "⊘"
"""Marks what cannot generate embeddings now."""

MOST_VECTORS = 3
"""Vector columns that are listed; the table's page has them all."""

Reasons = Mapping[str, Mapping[str, str]]
"""Why embeddings cannot be generated, by the name of the collection or table, then by column; "" for a collection."""


def reasons_of(found: Sequence[Disabled], keyspace: str) -> dict[str, dict[str, str]]:
    """Return what is disabled in a keyspace, as the list marks it."""
    reasons: dict[str, dict[str, str]] = {}
    for one in found:
        if one.dependent.keyspace == keyspace:
            reasons.setdefault(one.dependent.name, {})[one.dependent.column or ""] = one.reason
    return reasons


def label(info: TargetInfo, *, disabled: bool) -> str:
    """Return how a collection or table stands in the list."""
    return f"{MARKS[info.kind]} {DISABLED + ' ' if disabled else ''}{info.name}"


def about(info: TargetInfo, reasons: Mapping[str, str]) -> Content:
    """Return what a collection or table is, in a few short lines; what is disabled comes with its reason."""
    if info.is_table:
        return _about_table(info, reasons)
    if reasons:
        return disabled_words(next(iter(reasons.values())))
    return _lines(["Collection", *_vector_lines(info)])


def disabled_words(reason: str) -> Content:
    """Return what stands in the place of a disabled collection's settings."""
    return Content.styled(f"{DISABLED} $vectorize is disabled. ", "$text-warning") + Content(
        display_text(reason, limit=300)
    )


def _about_table(info: TargetInfo, reasons: Mapping[str, str]) -> Content:
    count = len(info.columns)
    lines = [f"Table, {count} column{'' if count == 1 else 's'}"]
    shown = list(info.vectors.values())[:MOST_VECTORS]
    lines += [_vector_words(one, disabled=one.name in reasons) for one in shown]
    if len(info.vectors) > len(shown):
        lines.append(f"and {len(info.vectors) - len(shown)} more vectors")
    return _lines([*lines, "o columns and indexes"])


def _vector_words(vector: NamedVector, *, disabled: bool) -> str:
    service = vector.service.provider if vector.service is not None else "own vectors"
    return f"{DISABLED + ' ' if disabled else ''}{vector.name}: {service}"


def _vector_lines(info: TargetInfo) -> list[str]:
    if info.vector is None:
        return ["no vector"]
    lines = [f"{info.vector.dimension} dimensions, {info.vector.metric.value}"]
    if info.service is None:
        return [*lines, "own vectors"]
    lines += [f"by {info.service.provider}", info.service.model]
    return [*lines, f"key {info.service.credential_name}"] if info.service.credential_name else lines


def _lines(lines: Sequence[str]) -> Content:
    return Content("\n".join(display_text(line, limit=60) for line in lines))
