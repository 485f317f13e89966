"""The app without a network: after the first load, after a restart of the browser, and across updates."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from phone_apps import ARGUMENTS, CHROMIUM, SCREEN, START, film, picture, screener_app

from unseen.phone.serving import Server, Site

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (apt-get install chromium)"),
]


# What is told of a newer version; the policy of the page lets no waiting by text through.
TOLD = """async () => {
  while (!news.length) await new Promise((resolve) => setTimeout(resolve, 50));
  return news[0];
}"""


@dataclass(frozen=True)
class Counted(Site):
    """A site that notes what it was asked for, and what it sent."""

    log: list

    def answer(self, target):
        found = super().answer(target)
        self.log.append((target, len(found[0]) if found else 0))
        return found


class Host:
    """One address that serves an app, another version of it, or nothing."""

    def __init__(self):
        self.log, self.server = [], None
        self.port = 0

    def put(self, folder, **spoilt: bytes) -> None:
        """Serve a folder, some of its files with bytes added."""
        self.stop()
        files = dict(Site.of(folder).files)
        for path, more in spoilt.items():
            files[path] += more
        self.server = Server(Counted(files, self.log), self.port)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        if self.server:
            self.server.shutdown()
            self.server.server_close()
        self.server = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/probe.html"


@pytest.fixture
def host():
    host = Host()
    yield host
    host.stop()


@pytest.fixture
def visit(driver, host, tmp_path):
    """Start a browser that keeps what it kept last time, and the app in it."""

    @contextmanager
    def go():
        browser = driver.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=CHROMIUM, args=ARGUMENTS
        )
        page = browser.pages[0]
        page.goto(host.url)
        yield page, page.evaluate(START)
        browser.close()

    return go


def answer(page) -> tuple[str, float]:
    found = page.evaluate(SCREEN, [picture(film(0.7, -0.1)), {}])
    return found["outcome"], found["probability"]


def test_it_runs_without_a_network_after_one_load_and_after_a_restart_of_the_browser(host, visit, app):
    host.put(app)
    with visit() as (page, started):
        assert (started["kept"]["offline"], started["faults"]) == (True, [])
        online = answer(page)
        assert online[0] == "signs"
        sent = sum(size for _, size in host.log)
        host.stop()
        page.context.set_offline(True)
        page.reload()
        assert page.evaluate(START)["faults"] == []
        assert answer(page) == online
    with visit() as (page, started):
        assert (started["kept"]["offline"], started["faults"]) == (True, [])
        assert answer(page) == online
    # what a phone loads, on a host that packs nothing; the large files come once
    assert sent < 6_000_000
    large = [target for target, size in host.log if size > 30_000]
    assert len(large) == len(set(large)) >= 3


def test_a_browser_takes_the_app_for_one_that_can_be_installed(host, visit, app):
    host.put(app)
    with visit() as (page, _):
        page.goto(host.url.replace("probe.html", ""))
        page.wait_for_function("navigator.serviceWorker.controller !== null")
        browser = page.context.new_cdp_session(page)
        install = browser.send("Page.getAppManifest")
        assert install["errors"] == []
        read = json.loads(install["data"])
        assert read["name"] == json.loads((app / "app.json").read_text())["title"]
        assert read["display"] == "standalone"
        assert browser.send("Page.getInstallabilityErrors")["installabilityErrors"] == []


def test_a_new_version_takes_over_at_the_next_start_and_a_spoilt_one_never(host, visit, app, tmp_path):
    newer = screener_app(tmp_path / "newer", title="Newer")
    host.put(app)
    with visit() as (_, started):
        assert started["title"] == "Made up"
    host.put(newer, **{"/app.json": b"\n"})
    with visit() as (page, started):
        assert started["title"] == "Made up"
        told = page.evaluate(TOLD)
        assert (told["offline"], told["waiting"]) == (True, False)
        assert "failed its check" in told["fault"]
    with visit() as (page, started):
        assert started["title"] == "Made up"
        assert answer(page)[0] == "signs"
    host.put(newer)
    host.log.clear()
    with visit() as (page, started):
        assert started["title"] == "Made up"
        assert page.evaluate(TOLD) == {"offline": True, "waiting": True, "fault": None}
    # what has not changed is not loaded again
    assert sum(size for _, size in host.log) < 200_000
    with visit() as (page, started):
        assert started["title"] == "Newer"
        assert answer(page)[0] == "signs"
        assert len(page.evaluate("caches.keys()")) == 1


def test_an_app_whose_first_load_fails_still_runs_but_is_not_called_offline(host, visit, app):
    host.put(app, **{"/runtime/LICENSES.txt": b"!"})
    with visit() as (page, started):
        assert (started["kept"]["offline"], started["kept"]["waiting"]) == (False, False)
        assert "failed its check" in started["kept"]["fault"]
        assert page.evaluate("caches.keys()") == []
        assert answer(page)[0] == "signs"
