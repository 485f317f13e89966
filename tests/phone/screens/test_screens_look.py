"""Contrast, sizes, keys, text of 200 %, narrow phones, and axe on every screen in both themes."""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import made_up_app as made
import numpy as np
import pytest

import unseen.phone

LOOK = Path(unseen.phone.__file__).parent / "static" / "look"
# text, its ground, and the least contrast of WCAG 2.2: 4.5 for text, 3 for marks and borders of controls
PAIRS = [
    ("ink", ("paper", "card", "wash", "main-wash"), 4.5), ("muted", ("paper", "card", "wash"), 4.5),
    ("main", ("card", "paper"), 4.5), ("on-main", ("main",), 4.5), ("on-signs", ("signs",), 4.5),
    ("signs-text", ("signs-wash", "card"), 4.5), ("refer-text", ("refer-wash",), 4.5),
    ("clear-text", ("clear-wash", "card", "paper"), 4.5), ("refused-text", ("refused-wash",), 4.5),
    ("ink", ("signs-wash", "refer-wash", "clear-wash", "refused-wash"), 4.5),
    ("edge", ("card", "paper"), 3.0), ("focus", ("card", "paper"), 3.0),
    ("on-refer", ("refer",), 3.0), ("on-clear", ("clear",), 3.0), ("on-refused", ("refused",), 3.0),
    ("signs", ("signs-wash", "card"), 3.0), ("clear", ("clear-wash", "card"), 3.0),
    ("refused", ("refused-wash", "card"), 3.0),
]  # fmt: skip
BIG = "document.documentElement.style.fontSize = '200%'"
WIDTH = "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"
SCREENS = ("", "result", "corners", "history", "card", "about")


def themes() -> dict[str, dict[str, str]]:
    text = (LOOK / "tokens.css").read_text(encoding="utf-8")
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", part)) for part in text.split("@media"))
    return {"light": light, "dark": light | dark}


def luminance(colour: str) -> float:
    parts = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(theme):
    colours = themes()[theme]
    for text, grounds, least in PAIRS:
        for ground in grounds:
            one, other = sorted((luminance(colours[text]), luminance(colours[ground])))
            assert (other + 0.05) / (one + 0.05) >= least, (theme, text, ground)


def go(hand, screen: str) -> None:
    """Bring a screen up as a user would."""
    page = hand.page
    if screen == "result":
        hand.source(made.CLINIC)
        hand.screen(made.png(made.film(5, 0.3, 256)))
    elif screen == "corners":
        hand.choose(made.png(made.film(5, 0.0, 300)), camera=True)
        page.wait_for_selector(".handle")
    else:
        hand.open(screen)
        page.wait_for_selector("[data-ready=true]" if screen == "history" else "main h1")
    if page.locator("[data-details]:not([open]) summary").count():
        page.click("[data-details] summary")


@pytest.mark.browser
def test_nothing_is_cut_off_on_a_narrow_phone_with_text_of_200_per_cent(phone):
    for screen in SCREENS:
        go(phone, screen)
        assert phone.page.evaluate(WIDTH) <= 360, screen
        phone.page.evaluate(BIG)
        assert phone.page.evaluate(WIDTH) <= 360, f"{screen} at 200 %"
        assert phone.page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") == 32
        phone.page.evaluate("document.documentElement.style.fontSize = ''")


TARGETS = """() => [...document.querySelectorAll('button, select, input, textarea, summary, nav a, main a')]
  .filter((one) => one.checkVisibility() && !one.classList.contains('hidden-words'))
  .map((one) => [one.outerHTML.slice(0, 80), (one.closest('label.tick') ?? one).getBoundingClientRect()])
  .map(([html, { width, height }]) => [html, width, height])
  .filter(([, width, height]) => width < 44 || height < 44)"""


@pytest.mark.browser
def test_everything_to_touch_is_44_pixels_or_more(phone):
    for screen in SCREENS:
        go(phone, screen)
        assert phone.page.evaluate(TARGETS) == [], screen


@pytest.mark.browser
def test_all_of_it_can_be_done_by_keys_alone(take):
    hand = take()
    page = hand.page
    hand.open()
    page.wait_for_selector("main button")

    def tab_to(selector: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                around = page.evaluate(
                    "getComputedStyle(document.activeElement.closest('.pick') ?? document.body).outlineStyle"
                )
                assert "solid" in (outline, around), selector
                return
        raise AssertionError(f"{selector} is not reached by Tab")

    tab_to("main button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".pick")
    tab_to("#source")
    page.keyboard.type("Clinic")
    page.wait_for_function("document.querySelector('#source').selectedIndex === 1")
    hand.open("about")
    hand.open()
    page.wait_for_selector(".pick")
    with page.expect_file_chooser() as chooser:
        tab_to("#pick-film")
        page.keyboard.press("Enter")
    chooser.value.set_files({"name": "f.png", "mimeType": "", "buffer": made.png(made.film(5, 0.3, 256))})
    assert hand.verdict()[0] == "signs"
    assert page.evaluate("document.activeElement.tagName") == "H1"
    tab_to("#colours")
    page.keyboard.press("Space")
    assert not page.is_checked("#colours")
    page.keyboard.press("Space")
    tab_to("#strength")
    page.keyboard.press("ArrowLeft")
    tab_to("[data-details] summary")
    page.keyboard.press("Enter")
    assert page.is_visible("[data-details] dl")
    tab_to(".next button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".pick")
    page.keyboard.press("Shift+Tab")


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """The rules of axe-core, from npm; tests alone use them."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed (apt-get install npm)")
    folder = tmp_path_factory.mktemp("axe")
    done = subprocess.run(
        ["npm", "pack", "axe-core@4.10.3", "--silent"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode:
        pytest.skip("npm cannot fetch axe-core")
    with tarfile.open(folder / done.stdout.strip()) as archive:
        found = archive.extractfile("package/axe.min.js")
        assert found is not None
        return found.read().decode("utf-8")


CHECK = """() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
                                               'best-practice'] })
  .then((found) => found.violations.map((one) => [one.id, one.nodes.map((node) => node.html).slice(0, 3)]))"""


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_fault_on_any_screen(take, axe, theme):
    hand = take(color_scheme=theme, prepare=lambda page: page.add_init_script(axe))
    hand.open()
    hand.page.wait_for_selector("main button")
    assert hand.page.evaluate(CHECK) == [], "notice"
    hand.begin()
    for screen in (*SCREENS, "refused"):
        if screen == "refused":
            hand.screen(made.png(1 - made.film(5, 0.3, 256)))
        else:
            go(hand, screen)
        assert hand.page.evaluate(CHECK) == [], screen


@pytest.mark.browser
def test_on_a_desk_the_film_stands_beside_the_words(take):
    hand = take(viewport={"width": 1280, "height": 800}, has_touch=False)
    hand.begin()
    go(hand, "result")
    film, words = (hand.page.locator(one).bounding_box() for one in (".film", ".said"))
    assert film["x"] > words["x"] + words["width"]
    assert hand.page.evaluate(WIDTH) <= 1280
