"""The official TypeScript and Java clients as programs: set up by ``make``, compiled and run here.

``make`` puts them beside the Python environment where this machine has Node or Maven; tests are skipped with a word
where it has not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

CLIENTS = Path(sys.prefix) / "clients"
"""Where ``make`` installs the clients: ``node_modules`` for TypeScript, ``lib`` for Java."""

needs_node = pytest.mark.skipif(
    not (CLIENTS / "node_modules").is_dir() or shutil.which("node") is None,
    reason="the TypeScript client needs Node and npm on this machine",
)
_QUICK_JAVA = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")
"""Short runs: no second compiler and no threads for a collector."""

needs_java = pytest.mark.skipif(
    not (CLIENTS / "lib").is_dir() or shutil.which("javac") is None,
    reason="the Java client needs a JDK and Maven on this machine",
)

_TYPESCRIPT_OPTIONS = (
    *("--skipLibCheck", "--module", "nodenext", "--target", "es2022"),
    *("--types", "node", "--typeRoots", "node_modules/@types", "--outDir", "out"),
)


def run(words: tuple[str, ...], folder: Path, variables: Mapping[str, str] | None = None) -> str:
    """Run a program in a folder and return what it prints; a failure shows all it said."""
    done = subprocess.run(  # noqa: S603 - compilers, and our own programs
        words,
        cwd=folder,
        env=dict(os.environ) | dict(variables or {}),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def run_shell(folder: Path, programs: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    """Run command lines one after another; return what each prints, by its name."""
    return {name: run(("sh", "-c", text), folder, variables) for name, text in programs.items()}


def run_typescript(
    folder: Path, programs: Mapping[str, str], variables: Mapping[str, str], *, check: bool = True
) -> dict[str, str]:
    """Check the types of ES modules if wanted, and run them in order; return what each prints, by its name."""
    (folder / "node_modules").symlink_to(CLIENTS / "node_modules")
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    for name, text in programs.items():
        (folder / f"{name}.ts").write_text(text, encoding="utf-8")
    names = [f"{name}.ts" for name in programs]
    run(
        ("node", "node_modules/typescript/bin/tsc", "--strict" if check else "--noCheck", *_TYPESCRIPT_OPTIONS, *names),
        folder,
    )
    loop = "for (const name of process.argv.slice(2)) { console.log(`=== ${name}`); await import(`./out/${name}.js`); }"
    (folder / "run.js").write_text(loop, encoding="utf-8")
    return _apart(run(("node", "run.js", *programs), folder, variables))


def run_java(folder: Path, programs: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    """Compile programs whose class is ``Example``, and run them one after another; return what each prints."""
    calls = []
    for name, text in programs.items():
        (folder / name).mkdir()
        (folder / name / "Example.java").write_text(f"package {name};\n{text}", encoding="utf-8")
        calls.append(f'System.out.println("=== {name}"); {name}.Example.main(args);')
    body = "\n".join(calls)
    main = f"public class All {{ public static void main(String[] args) throws Exception {{ {body} }} }}"
    (folder / "All.java").write_text(main, encoding="utf-8")
    classes = os.pathsep.join([f"{CLIENTS}/lib/*", "."])
    sources = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*.java"))]
    run(
        (
            "javac",
            *(f"-J{option}" for option in _QUICK_JAVA),
            "-proc:none",
            "-encoding",
            "UTF-8",
            "-cp",
            classes,
            *sources,
        ),
        folder,
    )
    return _apart(
        run(
            ("java", *_QUICK_JAVA, "-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8", "-cp", classes, "All"),
            folder,
            variables,
        )
    )


def _apart(printed: str) -> dict[str, str]:
    """Return what each program printed, by its name."""
    parts = (part.partition("\n") for part in printed.split("=== ")[1:])
    return {name: text for name, _, text in parts}
