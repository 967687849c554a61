"""What the pages for the next person name is there: files, folders, classes, functions, make targets, decisions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = ROOT / "docs" / "decisions"
PAGES = [ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md"]
LINKING = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")})

QUOTED = re.compile(r"`([^`\n]+)`")
FENCED = re.compile(r"^```[\s\S]*?^```$|^    .*$", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)")
PATH = re.compile(r"[\w./*-]+(?:/|\.(?:py|toml|md|tcss))")
CLASS = re.compile(r"[A-Z][a-z]\w*(?:\.\w+)?")
FUNCTION = re.compile(r"(\w+)\(.*\)")


def sections(page: Path) -> Iterator[list[str]]:
    """Yield what each section of a page has in backticks, in order; blocks of code are left out."""
    for section in re.split(r"^#+ |^\*\*", FENCED.sub("", page.read_text("utf-8")), flags=re.MULTILINE):
        yield QUOTED.findall(section)


def missing_paths(quoted: list[str]) -> list[str]:
    """Return the paths that are neither at the root nor in a folder that was named before them."""
    folders, missing = [ROOT], []
    for path in filter(PATH.fullmatch, quoted):
        found = [one for folder in folders for one in folder.glob(path.rstrip("/"))]
        if not found:
            missing.append(path)
        folders += [one if one.is_dir() else one.parent for one in found]
    return missing


@cache
def names() -> frozenset[str]:
    """Return what the program and the tests define or import, members of classes as ``Class.member``."""
    found: set[str] = set()
    for package in ("tui", "screens", "astrolabe", "storage", "tests/support"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.ClassDef):
                    members = (one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
                    found |= {node.name, *(f"{node.name}.{member.name}" for member in members)}
                elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    found.add(node.name)
                elif isinstance(node, ast.ImportFrom):
                    found |= {alias.name for alias in node.names}
    return frozenset(found)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_is_there(page: Path) -> None:
    missing = [path for quoted in sections(page) for path in missing_paths(quoted)]
    assert missing == [], f"{page.name} names {missing}, which moved or never was there: mend the page"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_class_and_function_is_defined(page: Path) -> None:
    quoted = [one for section in sections(page) for one in section]
    named = [one for one in quoted if CLASS.fullmatch(one)] + [
        call[1] for one in quoted if (call := FUNCTION.fullmatch(one))
    ]
    unknown = [one for one in named if one not in names()]
    assert unknown == [], f"{page.name} names {unknown}, which nothing defines any more: mend the page"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_is_one(page: Path) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    asked = set(re.findall(r"(?:`|^    )make ([a-z]+)", page.read_text("utf-8"), re.MULTILINE))
    assert asked, "the page tells of make"
    assert asked <= targets


@pytest.mark.parametrize("page", LINKING, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = [link for link in LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists()]
    assert dead == []


def test_every_decision_is_in_the_index() -> None:
    index = (DECISIONS / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| \[(\d{4})\]\((\d{4})-[\w-]+\.md\) \| (.+) \|$", index, re.MULTILINE)
    records = sorted(path.name[:4] for path in DECISIONS.glob("[0-9]*.md"))
    assert [number for number, _, _ in rows] == records, "each record has one row in docs/decisions/README.md, in order"
    assert all(number == linked for number, linked, _ in rows)
