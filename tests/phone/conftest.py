"""One browser, one runtime and one app for the tests of a module."""

from __future__ import annotations

import pytest
from phone_apps import ARGUMENTS, CHROMIUM, screener_app

from unseen.errors import ConfigError
from unseen.phone.runtime import runtime_files
from unseen.phone.serving import serving


@pytest.fixture(scope="session")
def runtime():
    """Whether the files of npm can be had on this machine."""
    try:
        return runtime_files()
    except ConfigError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def app(runtime, tmp_path_factory):
    return screener_app(tmp_path_factory.mktemp("phone") / "app")


@pytest.fixture(scope="module")
def driver():
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    with playwright.sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def chromium(driver):
    browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def address(app):
    with serving(app) as url:
        yield url
