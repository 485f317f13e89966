"""One browser, the made-up apps on loopback, and pages that are watched, for the tests of a module."""

from __future__ import annotations

import re
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import made_up_app
import pytest

from unseen.errors import ConfigError
from unseen.phone.serving import serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
PHONE, DESK = {"width": 360, "height": 640}, {"width": 1280, "height": 800}


@pytest.fixture(scope="session")
def apps(tmp_path_factory):
    """Folders of a screener, of the same for demonstration, and of a detector."""
    folder = tmp_path_factory.mktemp("screens")
    try:
        return {
            "screener": made_up_app.write(folder / "screener", made_up_app.screener()),
            "demo": made_up_app.write(folder / "demo", made_up_app.screener(demo=True)),
            "detector": made_up_app.write(folder / "detector", made_up_app.detector()),
        }
    except ConfigError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def site(apps):
    """Name -> address."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(serving(folder)) for name, folder in apps.items()}


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Hand:
    """A hand with a phone: opens an app, accepts the notice, chooses films. What strays is kept."""

    context: Any
    page: Any
    url: str
    strays: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, route: str = "") -> None:
        self.page.goto(f"{self.url}#/{route}")

    def begin(self) -> None:
        """Open the app and accept the notice."""
        self.open()
        self.page.wait_for_selector("h1")
        if self.page.locator(".gated").count():
            self.page.click("main button")
        self.page.wait_for_selector(".pick")

    def source(self, name: str) -> None:
        self.open()
        self.page.select_option("#source", name)

    def choose(self, content: bytes, name: str = "film.png", *, camera: bool = False) -> None:
        """Choose a file, without waiting for what comes of it."""
        self.open()
        place = "#pick-camera" if camera else "#pick-film"
        self.page.wait_for_selector(place, state="attached")
        self.page.set_input_files(place, {"name": name, "mimeType": "", "buffer": content})

    def screen(self, content: bytes, name: str = "film.png") -> tuple[str, str | None]:
        """Choose a file and wait: outcome, and why or for what reason."""
        self.choose(content, name)
        return self.verdict()

    def verdict(self) -> tuple[str, str | None]:
        self.page.wait_for_selector(".verdict")
        shown = self.page.locator(".verdict")
        return shown.get_attribute("data-outcome"), shown.get_attribute("data-reason")

    def text(self) -> str:
        return self.page.inner_text("main")


def watched(page: Any, url: str, context: Any) -> Hand:
    """A hand on a page whose faults, words on the console and requests to elsewhere are kept as strays."""
    hand = Hand(context, page, url)
    page.set_default_timeout(90_000)  # a machine under load is slow, not wrong
    page.on("pageerror", lambda error: hand.strays.append(f"error: {error}"))
    page.on("console", lambda said: hand.strays.append(f"{said.type}: {said.text}"))
    page.on("dialog", lambda dialog: hand.strays.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: hand.requests.append(request.url))
    return hand


def left(requests: list[str]) -> list[str]:
    """Requests that went elsewhere."""
    return [one for one in requests if not re.match(r"(blob:)?http://127\.0\.0\.1:|data:", one)]


@pytest.fixture
def take(browser, site):
    """Open an app in a context of its own."""
    hands: list[Hand] = []

    def start(name: str = "screener", *, prepare: Any = None, **settings: Any) -> Hand:
        context = browser.new_context(**{"viewport": PHONE, "locale": "en-GB", "has_touch": True, **settings})
        hand = watched(context.new_page(), site[name], context)
        hands.append(hand)
        if prepare:
            prepare(hand.page)
        return hand

    yield start
    for hand in hands:
        hand.context.close()
        assert hand.strays == []
        assert left(hand.requests) == []


@pytest.fixture(scope="module")
def held(browser, site):
    """A phone that most tests share: the app is kept, the notice accepted."""
    context = browser.new_context(viewport=PHONE, locale="en-GB", has_touch=True, accept_downloads=True)
    hand = watched(context.new_page(), site["screener"], context)
    hand.begin()
    yield hand
    context.close()


@pytest.fixture
def phone(held):
    """The shared phone, on its start page and without a source."""
    held.begin()
    held.page.select_option("#source", "")
    yield held
    assert held.strays == []
    assert left(held.requests) == []
