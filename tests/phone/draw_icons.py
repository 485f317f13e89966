"""Draw the PNG icons of the app from its SVG anew: python tests/phone/draw_icons.py."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

import unseen.phone

ICONS = Path(unseen.phone.__file__).parent / "static" / "icons"
SAFE = 0.72  # share of a maskable icon that every mask leaves


def drawn(browser: Browser, svg: str, side: int, style: str) -> bytes:
    page = browser.new_page(viewport={"width": side, "height": side})
    page.set_content(
        f"<style>body{{margin:0;{style}}}svg{{display:block;width:100%;height:100%}}</style>{svg}"
    )
    shot = page.screenshot(omit_background=True)
    page.close()
    return shot


def keep(path: Path, shot: bytes) -> None:
    Image.open(io.BytesIO(shot)).quantize(64).save(path, optimize=True)
    print(path.name, path.stat().st_size)


def main() -> None:
    svg = (ICONS / "icon.svg").read_text(encoding="utf-8")
    ground = re.search(r'fill="(#\w+)"', svg)
    assert ground is not None
    inset = f"background:{ground[1]};padding:{50 * (1 - SAFE):.0f}%;box-sizing:border-box;height:100vh"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for side in (192, 512):
            keep(ICONS / f"icon-{side}.png", drawn(browser, svg, side, ""))
        keep(ICONS / "icon-maskable-512.png", drawn(browser, svg.replace('rx="15"', 'rx="0"'), 512, inset))
        browser.close()


if __name__ == "__main__":
    main()
