"""The way of a film through the app in a real Chromium: notice, choice, outcome, hints, back."""

from __future__ import annotations

import io

import made_up_app as made
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from scipy.ndimage import gaussian_filter

from unseen.pictures.films import made_up_film
from unseen.pictures.photograph import Scene, photographed

pytestmark = pytest.mark.browser

# seed, strength of the patch -> every outcome that a chosen record or none gives
CASES = [
    (5, 0.0, made.CLINIC, "no-signs", ""),
    (5, 0.3, made.CLINIC, "signs", ""),
    (7, 0.1, made.CLINIC, "refer", "both"),
    (7, 0.25, made.ABROAD, "refer", "neither"),
    (7, 0.6, made.CLINIC, "refer", "amber"),
    (5, 0.0, "", "refer", "no-record"),
    (5, 0.3, "", "signs", ""),
    (7, 1.0, made.CLINIC, "refused", "unlike"),
]


def dicom(grey: np.ndarray, modality: str = "CR", **tags: object) -> bytes:
    """A DICOM file of 12 bits with a name that must never be shown."""
    data = pydicom.Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    data.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    data.PatientName, data.Modality = "Secret^Name", modality
    data.Rows, data.Columns = grey.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.PixelData = np.round(4095 * grey).astype("<u2").tobytes()
    for name, value in tags.items():
        setattr(data, name, value)
    out = io.BytesIO()
    pydicom.dcmwrite(out, data, enforce_file_format=True)
    return out.getvalue()


def test_nothing_is_screened_before_the_notice_is_accepted(take):
    hand = take()
    for route in ("", "result", "card", "history"):
        hand.open(route)
        hand.page.wait_for_selector("text=Before you begin")
        assert hand.page.locator(".pick, .tabs a:visible").count() == 0
    text = hand.text()
    for words in ("not a medical device", "children", "one hospital", "pneumonia", "not validated",
                  "physician", "Everything stays on this device", "Made-up films"):  # fmt: skip
        assert words in text
    hand.begin()
    hand.page.reload()
    hand.page.wait_for_selector(".pick")
    hand.open("about")
    hand.page.click("text=Read the notice again")
    assert "not a medical device" in hand.page.inner_text("details")


@pytest.mark.parametrize(("seed", "haze", "source", "outcome", "why"), CASES)
def test_the_screen_says_what_python_says(phone, seed, haze, source, outcome, why):
    film = made.film(seed, haze, 256)
    grey = np.round(255 * film).astype(np.uint8).astype(np.float32) / np.float32(255)
    record = next((one for one in made.records() if one.source == source), None)
    wanted = made.said(grey, record)
    assert (wanted.verdict, wanted.why or wanted.reason) == (outcome, why)
    phone.source(source)
    assert phone.screen(made.png(film)) == (outcome, why or None)
    text = phone.text()
    assert phone.page.evaluate("document.activeElement.tagName") == "H1"
    assert phone.page.inner_text("#polite").startswith("Result: ")
    assert "Not a medical device" in text
    if outcome == "refused":
        assert "of 100 films" not in text
        assert "%" not in text
        assert phone.page.locator(".bar-of-chance").count() == 0
    else:
        counted = round(100 * wanted.probability)
        assert f"{counted} of 100" in text or (counted > 99 and "More than 99 of 100" in text)
        assert phone.page.locator("[data-mark=uncalibrated]").count() == (not source)
        assert phone.page.locator(".bar-of-chance").count() == 1
    if wanted.interval:
        low, high = wanted.interval
        assert f"between {int(100 * low)} and {int(np.ceil(100 * high))}" in text


def test_signs_refer_in_words_with_a_mark_of_their_own(phone):
    phone.source(made.CLINIC)
    phone.screen(made.png(made.film(5, 0.3, 256)))
    assert phone.page.inner_text(".verdict h1") == "Looks like films labelled pneumonia"
    assert "Refer to a physician." in phone.page.inner_text(".verdict")
    shapes = phone.page.locator(".verdict .mark path").evaluate_all(
        "all => all.map((one) => one.getAttribute('d'))"
    )
    phone.screen(made.png(made.film(5, 0.0, 256)))
    assert "does not exclude disease" in phone.page.inner_text(".verdict")
    assert shapes != phone.page.locator(".verdict .mark path").evaluate_all(
        "all => all.map((one) => one.getAttribute('d'))"
    )


def test_a_dicom_film_is_read_and_its_names_are_not(phone):
    phone.source(made.CLINIC)
    film = made.film(5, 0.3, 256)
    assert phone.screen(dicom(film), "IM000001")[0] == "signs"
    assert "Secret" not in phone.page.content()
    assert "IM000001" not in phone.page.content()
    assert phone.screen(dicom(film, "MR"), "IM2") == ("refused", "dicom-modality")
    assert "modality CR or DX" in phone.text()
    assert phone.screen(dicom(film, ViewPosition="LL"), "IM3") == ("refused", "dicom-view")


def broken_files() -> dict[str, bytes]:
    """Reason -> a file that is refused for it."""
    film = made.film(5, 0.0, 256)
    colours = np.zeros((64, 64, 3), np.uint8)
    colours[:32, :, 0], colours[32:, :, 2] = 220, 200
    out = io.BytesIO()
    Image.fromarray(colours).save(out, "PNG")
    return {
        "empty-file": b"",
        "not-a-picture": b"this is no picture",
        "broken": made.png(film)[:3000],
        "too-small": made.png(film[:20, :20]),
        "aspect": made.png(film[:60, :200]),
        "colour": out.getvalue(),
        "flat": made.png(np.full((64, 64), 0.4)),
    }


def test_every_refusal_says_why_and_what_next_and_the_app_goes_on(phone):
    texts = phone.page.evaluate("import('./languages/en.js').then((module) => module.default)")
    phone.source(made.CLINIC)
    for reason, content in broken_files().items():
        assert phone.screen(content) == ("refused", reason)
        said = phone.page.inner_text(".verdict")
        assert texts[f"refused.{reason}"] in said
        assert texts[f"next.{reason}"] in said
        assert "No score." in said
        assert "of 100" not in phone.text()
    assert phone.screen(made.png(made.film(5, 0.0, 256)))[0] == "no-signs"


def test_a_turned_film_is_turned_only_on_request(phone):
    phone.source(made.CLINIC)
    film = made.film(5, 0.3, 256)
    assert phone.screen(made.png(np.rot90(film).copy())) == ("refused", "unlike")
    assert "Nothing was changed yet" in phone.text()
    phone.page.click("[data-hint=rotated-90] button")
    phone.page.wait_for_selector("[data-done]")
    assert phone.verdict()[0] == "signs"
    assert "Turned by 90° at your request" in phone.text()
    phone.page.click("[data-done] button")
    phone.page.wait_for_selector("[data-outcome=refused]")
    assert phone.screen(made.png(1 - film)) == ("refused", "unlike")
    phone.page.click("[data-hint=inverted] button")
    phone.page.wait_for_selector("[data-done]")
    assert phone.verdict()[0] == "signs"
    assert "Black and white exchanged at your request" in phone.text()


def test_another_source_is_another_question(phone):
    assert phone.screen(made.png(made.film(5, 0.0, 256))) == ("refer", "no-record")
    phone.page.select_option("#source", made.CLINIC)
    phone.page.wait_for_selector("[data-outcome=no-signs]")
    assert f"Calibrated for {made.CLINIC}" in phone.text()


def test_back_leads_to_the_start_and_a_reload_forgets_the_picture(phone):
    phone.screen(made.png(made.film(5, 0.0, 256)))
    phone.page.go_back()
    phone.page.wait_for_selector(".pick")
    phone.page.go_forward()
    phone.page.wait_for_selector(".verdict")
    phone.page.reload()
    phone.page.wait_for_selector(".pick")
    phone.open("no-such-page")
    phone.page.wait_for_selector(".pick")


def test_from_choice_to_result_nothing_is_asked_of_the_network_and_nothing_stays(phone):
    phone.open()
    before = len(phone.requests)
    phone.screen(made.png(made.film(5, 0.3, 256)), "Name of a patient.png")
    asked = [one for one in phone.requests[before:] if not one.startswith(phone.url)]
    assert asked == []
    kept = phone.page.evaluate(STORED)
    assert "Name of a patient" not in kept
    assert set(phone.page.evaluate("Object.keys(localStorage)")) <= {
        "unseen.accepted", "unseen.source", "unseen.language", "unseen.colours", "unseen.strength",
    }  # fmt: skip
    assert "png" not in kept.lower()


STORED = """async () => {
  const base = await new Promise((done) => {
    const open = indexedDB.open('unseen-history');
    open.onsuccess = () => done(open.result);
  });
  const rows = await new Promise((done) => {
    const asked = base.transaction('results').objectStore('results').getAll();
    asked.onsuccess = () => done(asked.result);
  });
  base.close();
  return JSON.stringify([rows, { ...localStorage }, location.href]);
}"""


def test_dropping_and_pasting_a_file_screens_it(phone):
    phone.open()
    content = list(made.png(made.film(5, 0.0, 256)))
    for event in ("drop", "paste"):
        phone.open()
        phone.page.wait_for_selector(".pick")
        phone.page.evaluate(
            """([kind, bytes]) => {
              const files = new DataTransfer();
              files.items.add(new File([Uint8Array.from(bytes)], 'film.png'));
              const target = kind === 'drop' ? document.querySelector('main') : window;
              const init = { bubbles: true, cancelable: true, dataTransfer: files, clipboardData: files };
              const event = kind === 'drop' ? new DragEvent(kind, init) : new ClipboardEvent(kind, init);
              target.dispatchEvent(event);
            }""",
            [event, content],
        )
        assert phone.verdict()[0] == "refer"


def camera(seed: int = 0, haze: float = 0.0) -> tuple[bytes, np.ndarray]:
    """A made-up photograph as a camera writes it, and the true corners."""
    plain = Scene(tone=(1.0, 1.0), moire=0.0, glare=0.0, light_box=0.0)
    photo = photographed(made.film(seed, haze, 400), seed, plain)
    return photo.jpeg(90), photo.corners


def test_a_photograph_is_cut_at_its_corners_by_hand_and_keys(phone):
    content, corners = camera(0)
    phone.source(made.CLINIC)
    phone.choose(content, "photo.jpg", camera=True)
    page = phone.page
    page.wait_for_selector(".handle")
    assert page.locator(".handle").count() == 4
    shares = page.locator(".handle").evaluate_all("all => all.map((one) => [+one.dataset.x, +one.dataset.y])")
    assert np.abs(np.array(shares) * (1280, 960) - corners).max() < 25  # the first guess
    first = page.locator(".handle").first
    first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    moved = page.locator(".handle").first.evaluate("one => [+one.dataset.x, +one.dataset.y]")
    assert np.allclose(np.array(moved) - shares[0], [0.004, 0.02])
    assert "per cent from the left" in first.get_attribute("aria-label")
    assert page.locator(".loupe:visible").count() == 1
    box = first.bounding_box()
    page.mouse.move(box["x"] + 26, box["y"] + 26)
    page.mouse.down()
    page.mouse.move(box["x"] + 16, box["y"] + 20)
    page.mouse.up()
    dragged = page.locator(".handle").first.evaluate("one => [+one.dataset.x, +one.dataset.y]")
    assert dragged[0] < moved[0]
    assert dragged[1] < moved[1]
    for _ in range(60):  # across the opposite side: no shape any more
        page.keyboard.press("Shift+ArrowRight")
    assert page.locator("text=Screen this film").is_disabled()
    page.click("text=Guess again")
    page.click("text=Screen this film")
    outcome, why = phone.verdict()
    assert (outcome, why) == ("refer", "photograph"), phone.text()
    assert "photograph" in phone.text()


def test_a_file_with_a_camera_in_it_is_a_photograph_too_and_may_be_taken_whole(phone):
    content, _ = camera(5)
    phone.choose(content, "photo.jpg")
    phone.page.wait_for_selector(".handle")
    phone.page.click("text=Use the whole picture")
    assert phone.verdict()[0] == "refused"
    phone.page.go_back()
    phone.page.wait_for_selector(".handle")


def test_blur_and_glare_are_refused_with_what_to_do(phone):
    blurred = gaussian_filter(made_up_film(5, 400), 24)
    bright = np.clip(made_up_film(5, 400), 0, 1)
    bright[60:340, 60:340] = 1.0
    for reason, content in (("blurred", blurred), ("glare", bright)):
        phone.choose(made.png(content), camera=True)
        phone.page.wait_for_selector(".handle")
        phone.page.click("text=Use the whole picture")
        assert phone.verdict() == ("refused", reason)
        assert "No score." in phone.text()
