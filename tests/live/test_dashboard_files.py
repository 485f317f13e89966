"""The files of the dashboard: small, from nowhere else, readable in light and dark."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

import unseen

STATIC = Path(unseen.__file__).parent / "live" / "static"
FILES = sorted(path for path in STATIC.rglob("*") if path.is_file())
SCRIPTS = [path for path in FILES if path.suffix == ".js"]
MOST_BYTES = 150_000
# text -> grounds it stands on; WCAG 2.2 AA asks for 4.5 : 1
TEXTS = {
    "ink": ("paper", "card", "wash"), "muted": ("paper", "card", "wash"), "link": ("paper", "card"),
    "red-text": ("paper", "card"), "yellow-text": ("paper", "card"), "green-text": ("paper", "card"),
    "no-data-text": ("paper", "card"), "on-loud": ("loud",), "on-red": ("red",), "card": ("link",),
}  # fmt: skip
# shapes and borders of fields -> grounds; 3 : 1
SHAPES = {
    "red": ("land", "water", "card"), "yellow-edge": ("land", "water", "card"), "no-data": ("land", "water"),
    "green": ("land", "water", "card"), "edge": ("card", "paper"), "focus": ("card", "paper", "water"),
}  # fmt: skip


def name(path: Path) -> str:
    return str(path.relative_to(STATIC))


def test_all_files_together_are_small():
    assert len(SCRIPTS) > 25
    assert sum(path.stat().st_size for path in FILES) < MOST_BYTES


@pytest.mark.parametrize("path", FILES, ids=name)
def test_nothing_is_loaded_from_elsewhere_or_read_as_markup(path):
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r"\w+://[^\s\"'<>`]*", text)) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|\bon\w+=\"", text
    )


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_imports_lead_to_files_and_names_they_have(path):
    for names, target in re.findall(
        r"import \{([^}]*)\} from \"([^\"]+)\"", path.read_text(encoding="utf-8")
    ):
        other = (path.parent / target).resolve()
        assert other.is_file(), f"{name(path)} imports {target}"
        source = other.read_text(encoding="utf-8")
        for word in filter(None, (part.strip() for part in names.split(","))):
            assert re.search(
                rf"export (async )?(const|function\*?|class|async function\*?) ?{word}\b", source
            ), word


def test_the_page_names_every_file_and_each_text_has_a_key():
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    linked = {STATIC / path for path in re.findall(r"(?:href|src)=\"([^\"#]+)\"", page)}
    # all files are asked for at once, not one after the other
    assert linked == set(FILES) - {STATIC / "index.html"}
    known = set(
        re.findall(r"^  (\w+):", (STATIC / "js" / "words.js").read_text(encoding="utf-8"), re.MULTILINE)
    )
    asked = {
        key for path in SCRIPTS for key in re.findall(r"\bt\(\"(\w+)\"", path.read_text(encoding="utf-8"))
    }
    assert len(asked) > 80
    assert asked - known == set()


@cache
def colours(dark: bool) -> dict[str, str]:
    light, _, night = (STATIC / "look" / "tokens.css").read_text(encoding="utf-8").partition("@media")
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b", light))
    return found | (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b", night)) if dark else {})


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2) of #rrggbb."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_has_the_contrast_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXTS, 4.5), (SHAPES, 3.0)], ids=["texts", "shapes"])
def test_colours_stand_out_from_their_ground(dark, pairs, least):
    of = colours(dark)
    weak = {
        f"{text} on {ground}": round(contrast(of[text], of[ground]), 2)
        for text, grounds in pairs.items()
        for ground in grounds
        if contrast(of[text], of[ground]) < least
    }
    assert weak == {}
