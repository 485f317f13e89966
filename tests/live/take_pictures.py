"""Take the pictures of docs/howto-dashboard.md anew: python tests/live/take_pictures.py docs/images."""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from made_up_city import NOW, City, write
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from test_dashboard import ARGUMENTS, CHROMIUM, DESK, MAP, PHONE

from unseen.live.clock import ManualClock
from unseen.live.serving import serving

MOST = 150_000  # bytes of a picture; larger ones are kept with fewer colours


def picture(browser: Browser, url: str, selector: str, **settings: object) -> tuple[Page, bytes]:
    page = browser.new_context(locale="en-GB", **{"viewport": DESK, **settings}).new_page()
    page.goto(url)
    page.wait_for_selector(selector, state="attached")
    page.wait_for_timeout(300)
    return page, page.screenshot()


def keep(path: Path, *shots: bytes) -> None:
    """Write pictures side by side as one."""
    images = [Image.open(io.BytesIO(shot)).convert("RGB") for shot in shots]
    gap = 16
    width = sum(image.width for image in images) + gap * (len(images) - 1)
    whole = Image.new("RGB", (width, images[0].height), "white")
    left = 0
    for image in images:
        whole.paste(image, (left, 0))
        left += image.width + gap
    whole.save(path, optimize=True)
    if path.stat().st_size > MOST:
        whole.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    print(path, path.stat().st_size)


def busiest(city: City) -> str:
    """Id of a large street in a jam whose forecast stands out."""
    red = city.outlook(len(city.times) - 4, city.jam < 0).alarm
    return f"P{max(range(city.count), key=lambda i: red[i] * min(city.size[i], 1500) * city.jam[i]):04d}"


def main(folder: Path) -> None:
    city = City()
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "city.db"
        write(city, path).close()
        with (
            sync_playwright() as driver,
            serving(path, clock=ManualClock(NOW + 130.0), with_token=False) as now,
        ):
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            street = f"{now.url}/#/street/{busiest(city)}"
            keep(folder / "dashboard-map.png", picture(browser, now.url, MAP)[1])
            keep(folder / "dashboard-dark.png", picture(browser, now.url, MAP, color_scheme="dark")[1])
            keep(folder / "dashboard-street.png", picture(browser, street, ".plot[role=slider] .band90")[1])
            keep(folder / "dashboard-alarms.png", picture(browser, f"{now.url}/#/alarms", ".alarms")[1])
            hand = {"viewport": PHONE, "has_touch": True}
            views = [
                (now.url, MAP),
                (street, ".plot[role=slider] .band90"),
                (f"{now.url}/#/alarms", ".alarms"),
            ]
            keep(folder / "dashboard-phone.png", *(picture(browser, *view, **hand)[1] for view in views))
            with serving(path, clock=ManualClock(NOW + 2400.0), with_token=False) as old:
                keep(folder / "dashboard-old.png", picture(browser, old.url, MAP)[1])
                browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
