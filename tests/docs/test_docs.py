"""The written house holds: examples run, commands and options exist, links and paths lead somewhere.

Fenced `python` blocks are run, those of a page one after the other in one namespace and folder, and so are
the lines of blocks opened with `console run`. Of other `console` blocks only commands and options are read.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from unseen import config
from unseen.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "unseen"
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *ROOT.glob("docs/*.md"),
        *PACKAGE.glob("recipes/*/README.md"),
    ]
)
FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
# What a full run writes; absent until its results are committed.
WRITTEN = re.compile(r"results/[\w.]+$")
GROUPS = {"app", "bench", "collider", "music", "recipe", "traffic", "xray"}
OTHER_PROGRAMS = {"cat", "zcat", "head"}


@dataclass(frozen=True)
class Block:
    """A fenced block: what it says it is, its text, the line it begins on."""

    info: str
    body: str
    line: int

    @property
    def commands(self) -> list[str]:
        """Lines typed at the prompt, continued lines joined."""
        whole = self.body.replace("\\\n", " ")
        return [line[2:].strip() for line in whole.splitlines() if line.startswith("$ ")]


@cache
def blocks(page: Path) -> tuple[Block, ...]:
    text = page.read_text(encoding="utf-8")
    return tuple(
        Block(found["info"].strip(), found["body"], text.count("\n", 0, found.start()) + 1)
        for found in FENCE.finditer(text)
    )


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def runnable(page: Path) -> list[Block]:
    return [block for block in blocks(page) if block.info in ("python", "console run")]


def test_the_pages_are_there_and_much_of_them_runs():
    wanted = {"README.md", "CONTRIBUTING.md", "docs/index.md", "docs/method.md", "docs/architecture.md"}
    assert wanted <= {name(page) for page in PAGES}
    assert sum(len(runnable(page)) for page in PAGES) >= 15


# -- examples ----------------------------------------------------------------------------------------


def typed(line: str) -> None:
    """Do what a shell would with one line of `program | unseen ... > file`; fail as `sh -e` does."""
    line, _, target = line.partition(" > ")
    passed: bytes | None = None
    for part in line.split(" | "):
        words = shlex.split(os.path.expandvars(part))
        if words[0] == "unseen":
            ran = CliRunner().invoke(app, words[1:], input=passed, prog_name="unseen")
            assert ran.exit_code == 0, f"{part}\n{ran.stderr}"
            passed = ran.stdout_bytes
        else:
            assert words[0] in OTHER_PROGRAMS, f"{words[0]} is not a program the pages may use"
            passed = subprocess.run(words, input=passed, capture_output=True, check=True).stdout
    if target:
        Path(target.strip()).write_bytes(passed or b"")


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("page", [page for page in PAGES if runnable(page)], ids=name)
def test_examples_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # the same lines on fewer steps: what is tested is that they run
    for plan in ("TABLE_LEARN", "TABLE_TUNE", "TUNE"):
        monkeypatch.setattr(config, plan, replace(getattr(config, plan), steps=40))
    monkeypatch.setattr(config, "Plan", lambda **given: config.TABLE_LEARN)
    space: dict[str, object] = {"__name__": "__main__"}
    for block in runnable(page):
        if block.info == "python":
            code = compile("\n" * block.line + block.body, name(page), "exec")
            with redirect_stdout(io.StringIO()):
                exec(code, space)  # noqa: S102
        else:
            assert block.commands
            for line in block.commands:
                typed(line)


# -- commands ----------------------------------------------------------------------------------------


def used(page: Path) -> Iterator[list[str]]:
    """Words of every command line of `unseen` a page shows, in blocks and in running text."""
    lines = [line for block in blocks(page) if block.info.startswith("console") for line in block.commands]
    lines += re.findall(r"`(unseen [a-z][^`]*)`", prose(page))
    for line in lines:
        for part in line.split(" | "):
            words = shlex.split(part.partition(" > ")[0])
            if words[0] == "unseen":
                yield words


@cache
def options() -> dict[str, set[str]]:
    """Command -> options it takes."""
    found: dict[str, set[str]] = {}

    def visit(path: str, command: object) -> None:
        words = {word for part in command.params for word in (*part.opts, *part.secondary_opts)}
        found[path] = words | {"--help"}
        for own, inner in getattr(command, "commands", {}).items():
            visit(f"{path} {own}", inner)

    visit("unseen", typer.main.get_command(app))
    return found


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_and_their_options_exist(page):
    for words in used(page):
        count = 3 if words[1] in GROUPS else 2
        command = " ".join(words[:count])
        assert command in options(), f"{command} is no command"
        asked = {word for word in words[count:] if word.startswith("-") and len(word) > 1}
        assert asked <= options()[command], f"{command} has no {asked - options()[command]}"


def test_every_command_is_shown_somewhere():
    shown = {" ".join(words[: 3 if words[1] in GROUPS else 2]) for page in PAGES for words in used(page)}
    assert {
        path for path in options() if path != "unseen" and path.removeprefix("unseen ") not in GROUPS
    } <= shown


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_make_targets_exist(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|^\$ )make ([a-z]+)", text, re.MULTILINE))
    assert named <= targets


# -- links and paths ---------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """Anchors of the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        written = WRITTEN.search(path) is not None and not place.parent.exists()
        assert place.exists() or written, f"{target} is not there"
        assert not anchor or anchor in anchors(place), f"{target}: no such heading"


def test_paths_of_the_architecture_exist():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    layout = next(block.body for block in blocks(ROOT / "docs" / "architecture.md") if block.info == "layout")
    # what was planned otherwise, or is planned still, is not there
    text = text[: text.index("## Where it differs")] + text[text.index("## Goal and file") :]
    top = ("src/", "tests/", "docs/", "benchmarks/", ".ci/")
    named = {
        path if path.startswith(top) else f"src/unseen/{path}"
        for path in re.findall(r"`([\w.-]+/[\w./-]*)`", FENCE.sub("", text))
    }
    listed = set(tree(layout))
    assert len(named) >= 20
    assert len(listed) >= 60
    missing = sorted(path for path in named | listed if not (ROOT / path).exists())
    assert not missing
    parts = {path for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    unlisted = {f"src/unseen/{path.name}" + ("/" if path.is_dir() else "") for path in parts} - listed
    assert not unlisted, "a part of the package that the architecture does not mention"


def tree(layout: str) -> Iterator[str]:
    """Paths of an indented listing: a folder ends in `/`, names come before two blanks."""
    folders: list[str] = []
    for line in filter(str.strip, layout.splitlines()):
        depth = (len(line) - len(line.lstrip())) // 2
        names = re.split(r"\s{2,}", line.strip())[0].split()
        folders = folders[:depth]
        for one in names:
            yield "".join(folders) + one
        if names[-1].endswith("/"):
            folders.append(names[-1])


# -- style -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_pages_name_no_place_of_one_machine(page):
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r"(?<![\w.])/(?:work|tmp|home|root|opt)/\S*", text)
