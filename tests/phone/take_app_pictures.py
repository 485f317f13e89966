"""Take the pictures of the app anew: python tests/phone/take_app_pictures.py docs/images."""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import made_up_app as made
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from scipy.ndimage import gaussian_filter

from unseen.phone.serving import serving
from unseen.pictures.photograph import Scene, photographed

PHONE = {"width": 360, "height": 740}
MOST = 120_000  # bytes of a picture
# A phone's letters are narrower than those a machine without any falls back on.
FAMILIES = ("system-ui", "sans", "sans-serif", "Roboto", "Segoe UI")
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<include>/etc/fonts/fonts.conf</include>{}</fontconfig>""".format(
    "".join(
        f'<match target="pattern"><test name="family"><string>{family}</string></test>'
        '<edit name="family" mode="assign" binding="strong"><string>Liberation Sans</string></edit></match>'
        for family in FAMILIES
    )
)


class Phone:
    """A phone that takes pictures of itself."""

    def __init__(self, browser: Browser, url: str, **settings: Any) -> None:
        context = browser.new_context(**{"viewport": PHONE, "locale": "en-GB", "has_touch": True, **settings})
        self.url, self.page = url, context.new_page()
        self.page.goto(url)
        self.page.wait_for_selector("main button")

    def shot(self) -> bytes:
        self.page.wait_for_timeout(300)
        return self.page.screenshot()

    def accept(self, source: str = made.CLINIC) -> None:
        self.page.click("main button")
        self.page.wait_for_selector(".pick")
        self.page.select_option("#source", source)

    def choose(self, content: bytes, wanted: str = ".verdict", place: str = "#pick-film") -> Page:
        self.page.goto(f"{self.url}#/")
        self.page.wait_for_selector(place, state="attached")
        self.page.set_input_files(place, {"name": "film", "mimeType": "", "buffer": content})
        self.page.wait_for_selector(wanted)
        return self.page

    def down(self, selector: str) -> None:
        self.page.locator(selector).first.evaluate(
            "one => scrollTo(0, one.getBoundingClientRect().top + scrollY - 16)"
        )


def keep(path: Path, *shots: bytes) -> None:
    """Write pictures side by side as one."""
    images = [Image.open(io.BytesIO(shot)).convert("RGB") for shot in shots]
    gap = 20
    whole = Image.new("RGB", (sum(one.width + gap for one in images) - gap, images[0].height), "white")
    for place, one in enumerate(images):
        whole.paste(one, (place * (images[0].width + gap), 0))
    whole.save(path, optimize=True)
    if path.stat().st_size > MOST:
        whole.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)
    assert path.stat().st_size < MOST, path
    print(path, path.stat().st_size)


def film(seed: int, haze: float) -> np.ndarray:
    """A made-up film without its grain, which no small picture can hold."""
    return gaussian_filter(made.film(seed, haze, 512), 1.5)


def photograph() -> bytes:
    scene = Scene(height=1280, width=960, fill=(0.6, 0.66), tone=(1.0, 1.0), moire=0.0, glare=0.1)
    return photographed(made.film(5, 0.3, 500), 4, scene).jpeg(90)


def main(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as driver:
        fonts = Path(place) / "fonts.conf"
        fonts.write_text(FONTS, encoding="utf-8")
        app = made.write(Path(place) / "app", made.screener())
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu"],
            env={**os.environ, "FONTCONFIG_FILE": str(fonts)},
        )
        with serving(app) as url:
            pictures(folder, Phone(browser, url), Phone(browser, url, color_scheme="dark"))
        browser.close()


def pictures(folder: Path, day: Phone, night: Phone) -> None:
    notice = day.shot()
    day.accept()
    night.accept()
    keep(folder / "app-start.png", notice, day.shot())
    signs, clear = made.png(film(5, 0.27)), made.png(film(5, 0.0))
    day.choose(signs)
    above = day.shot()
    day.down(".film")
    below = day.shot()
    night.choose(clear)
    none = night.shot()
    keep(folder / "app-result.png", above, below)
    day.choose(made.png(np.rot90(film(5, 0.3)).copy()))
    turned = day.shot()
    night.choose(made.png(film(7, 0.1)))
    keep(folder / "app-outcomes.png", turned, night.shot(), none)
    day.choose(photograph(), ".handle", "#pick-camera").focus(".handle >> nth=1")
    corners = day.shot()
    day.page.goto(f"{day.url}#/history")
    day.page.wait_for_selector("[data-ready=true]")
    keep(folder / "app-corners.png", corners, day.shot())
    day.page.goto(f"{day.url}#/card")
    day.page.wait_for_selector("table")
    card = day.shot()
    day.down("section:has(table)")
    keep(folder / "app-card.png", card, day.shot())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
