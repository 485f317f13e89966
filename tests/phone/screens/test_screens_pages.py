"""Heat map, note, paper, history, languages, model card, other apps and faults, in a real Chromium."""

from __future__ import annotations

import base64
import csv
import io
import json

import made_up_app as made
import numpy as np
import pytest
from PIL import Image

from unseen.pictures.refusals import REASONS
from unseen.screening import card

pytestmark = pytest.mark.browser

SIGNS = made.png(made.film(5, 0.3, 256))
PIXELS = "document.getElementById('film').toDataURL('image/png')"
LANGUAGES = ("en", "de", "es", "fr")


@pytest.fixture
def signs(phone):
    phone.source(made.CLINIC)
    phone.screen(SIGNS)
    return phone


def shown(page) -> np.ndarray:
    content = base64.b64decode(page.evaluate(PIXELS).partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))


def test_the_heat_map_can_be_hidden_and_weakened_and_is_told_in_words(signs):
    page = signs.page
    full = shown(page)
    spread = full[..., :3].max(-1).astype(int) - full[..., :3].min(-1)
    centre = np.argwhere(spread > 0.8 * spread.max()).mean(0) / 640
    assert np.abs(centre - (0.66, 0.28)).max() < 0.12  # where the patch is
    assert "left" in page.get_attribute("#film", "aria-label")
    assert "not where disease is" in signs.text()
    page.fill("#strength", "0.2")
    weak = shown(page)
    assert np.abs(weak.astype(int) - full).max() > 0
    page.uncheck("#colours")
    bare = shown(page)
    assert (bare[..., 0] == bare[..., 1]).all()
    assert np.abs(weak.astype(int) - bare).max() < np.abs(full.astype(int) - bare).max()
    assert page.is_disabled("#strength")
    page.check("#colours")
    page.fill("#strength", "0.7")


def test_the_colours_grow_lighter_for_every_kind_of_eye(phone):
    scale = phone.page.evaluate(
        "import('./ui/heat.js').then(({ colour }) => Array.from({ length: 64 }, (_, at) => colour(at / 63)))"
    )
    colours = np.array(scale)[:, :3] / 255
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    # what is left of colours without red, green or blue cones (Viénot, Brettel, Mollon 1999), as lightness
    for weights in ((0.2126, 0.7152, 0.0722), (0.0, 0.92, 0.08), (0.25, 0.69, 0.06), (0.3, 0.7, 0.0)):
        assert (np.diff(linear @ weights) > -1e-4).mean() > 0.98
        assert (linear @ weights)[-1] > 10 * (linear @ weights)[0]
    assert (np.diff(np.array(scale)[:, 3]) >= 0).all()


def test_the_words_name_the_part_with_most_evidence(phone):
    places = {
        (0, 0): "upper-left",
        (6, 6): "lower-right",
        (3, 3): "middle-centre",
        (3, 0): "middle-left",
        None: None,
    }
    for place, words in places.items():
        values = np.zeros((7, 7))
        if place:
            values[place] = 1.0
        said = phone.page.evaluate(
            """(values) => import('./ui/heat.js').then(({ where }) =>
                 where({ values: Float32Array.from(values), height: 7, width: 7, most: 1 }))""",
            values.ravel().tolist(),
        )
        assert said == words


def test_a_note_is_kept_in_the_history_with_nothing_of_the_picture(signs):
    page = signs.page
    signs.open("history")
    page.wait_for_selector(".past")
    page.click("text=Delete all")
    page.click("dialog .bad")
    page.wait_for_selector("text=Nothing yet")
    signs.screen(SIGNS, "Jane Doe.png")
    page.fill("#note", '=1+1, "checked"')
    page.press("#note", "Tab")
    page.wait_for_selector("text=Note kept.")
    signs.source("")
    signs.screen(made.png(made.film(5, 0.0, 20)))
    page.click("text=History")
    page.wait_for_selector(".past li >> nth=1")
    assert page.inner_text("main h2") == "2 results"
    assert page.locator(".past li").evaluate_all("all => all.map((one) => one.dataset.outcome)") == [
        "refused",
        "signs",
    ]
    with page.expect_download() as saved:
        page.click("text=Save as JSON")
    kept = json.loads(saved.value.path().read_text(encoding="utf-8"))
    assert [set(one) for one in kept] == [{"at", "outcome", "reason", "version", "source", "note"}] * 2
    assert [one["reason"] for one in kept] == ["too-small", None]
    assert [one["source"] for one in kept] == [None, made.CLINIC]
    with page.expect_download() as saved:
        page.click("text=Save as CSV")
    rows = list(csv.DictReader(io.StringIO(saved.value.path().read_text(encoding="utf-8"))))
    assert rows[1]["note"] == """'=1+1, "checked\""""  # a spreadsheet reads no formula
    page.reload()
    page.wait_for_selector(".past li >> nth=1")
    page.click("[aria-label^='Delete the result'] >> nth=0")
    page.wait_for_selector("text=1 result")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    page.click("text=Delete all")
    page.click("dialog .bad")
    page.wait_for_selector("text=Nothing yet")


def test_paper_has_outcome_version_time_and_notice_and_the_picture_only_if_ticked(signs):
    page = signs.page
    version = page.evaluate("fetch('app.json').then((answer) => answer.json()).then((app) => app.id)")
    page.emulate_media(media="print")
    assert page.locator(".tabs:visible, .bar:visible, .buttons:visible").count() == 0
    assert not page.is_visible("#film")
    printed = page.inner_text("body")
    for words in ("Looks like films labelled pneumonia", version, "Not a medical device", "of 100 films"):
        assert words in printed
    page.emulate_media(media="screen")
    page.check("#with-picture")
    page.emulate_media(media="print")
    assert page.is_visible("#film")
    page.emulate_media(media="screen")
    files = {}
    for ticked in (True, False):
        page.set_checked("#with-picture", ticked)
        with page.expect_download() as saved:
            page.click("text=Save as a file")
        files[ticked] = saved.value.path().read_text(encoding="utf-8")
        assert saved.value.suggested_filename.startswith("result-20")
    for text in files.values():
        for words in ("Looks like films labelled pneumonia", version, "Not a medical device", "of 100 films"):
            assert words in text
        assert "<script" not in text
    assert "data:image/jpeg" in files[True]
    assert "<img" not in files[False]


def test_every_language_has_every_text(phone):
    texts = {
        tag: phone.page.evaluate(f"import('./languages/{tag}.js').then((module) => module.default)")
        for tag in LANGUAGES
    }
    english = texts["en"]
    assert len(english) > 250
    for tag, own in texts.items():
        assert list(own) == list(english), tag
        for key, text in own.items():
            assert filled(text) == filled(english[key]), (tag, key)
            assert type(text) is type(english[key]), (tag, key)
        same = [key for key in english if own[key] == english[key] and len(str(own[key])) > 30]
        assert tag == "en" or same == []
    for reason in REASONS:
        assert {f"refused.{reason}", f"next.{reason}"} <= set(english)
    for group, codes in (("notice", card.NOTICE), ("notFor", card.NOT_FOR), ("failure", card.FAILURES)):
        assert {f"{group}.{code}" for code in codes} <= set(english)
    reasons = {key.partition(".")[2] for key in english if key.startswith("refused.")}
    assert reasons == set(REASONS)


def filled(text: str | dict) -> set[str]:
    """Names that are filled in."""
    words = text if isinstance(text, str) else " ".join(text.values())
    return {part.partition("}")[0] for part in words.split("{")[1:]}


def test_the_language_is_the_browsers_can_be_changed_and_stays(take):
    hand = take(locale="es-MX")
    page = hand.page
    hand.open()
    page.wait_for_selector("text=Antes de empezar")
    page.select_option("#language", "fr")
    page.wait_for_selector("text=Avant de commencer")
    assert page.evaluate("document.activeElement.id") == "language"
    page.select_option("#language", "de")
    page.click("main button")
    page.wait_for_selector("text=Thoraxaufnahme prüfen")
    page.reload()
    page.wait_for_selector("text=Thoraxaufnahme prüfen")
    assert page.get_attribute("html", "lang") == "de"
    hand.screen(SIGNS)
    assert "Pneumonie" in page.inner_text(".verdict")
    page.select_option("#language", "en")
    page.wait_for_selector("text=Looks like films labelled pneumonia")


def test_the_model_card_shows_numbers_limits_and_files(phone):
    phone.page.click("text=Model card")
    phone.page.wait_for_selector("table")
    text = phone.text()
    numbers = ("0.991", "0.985 – 0.996", "train", made.CLINIC, "100 / 100", "model.onnx")
    limits = ("Adults", "not measured", "mirrored film is not noticed", "Made-up films, drawn by unseen.")
    for words in numbers + limits:
        assert words in text
    app = phone.page.evaluate("fetch('app.json').then((answer) => answer.json())")
    assert app["files"]["model.onnx"]["sha256"] in text.replace("\n", "")


def test_a_detector_says_usual_or_unusual(take):
    hand = take("detector")
    hand.begin()
    assert hand.page.locator("#source").count() == 0
    rng = np.random.default_rng(1)
    grey = np.clip(0.5 + 0.1 * rng.normal(size=(64, 64)), 0, 1)
    assert hand.screen(made.png(grey))[0] == "usual"
    assert "usual pictures look at least this unusual" in hand.text()
    half = np.zeros((300, 300))
    half[:, 150:] = 1.0
    assert hand.screen(made.png(half))[0] == "unusual"
    assert "pneumonia" not in hand.page.content()
    hand.choose(made.png(half), camera=True)  # no corners: the whole picture counts
    assert hand.verdict()[0] == "unusual"


def test_the_demonstration_carries_its_banner(take):
    hand = take("demo")
    hand.begin()
    assert hand.screen(made.png(made.film(5, 0.0, 256))) == ("no-signs", None)
    assert hand.page.is_visible(".strip.demo")
    assert "Do not use for patients" in hand.page.inner_text(".strip.demo")


def test_without_a_network_it_says_so_and_screens(held):
    held.begin()
    held.page.wait_for_selector("[data-cached=true]")
    held.context.set_offline(True)
    held.page.reload()
    held.page.wait_for_selector(".strip.offline:visible")
    assert held.screen(SIGNS)[0] in ("signs", "refer")
    held.context.set_offline(False)
    held.page.wait_for_selector(".strip.offline", state="hidden")
    assert held.strays == []


def test_the_offer_to_install_comes_when_the_browser_makes_it(phone):
    page = phone.page
    assert page.locator(".install").count() == 0
    page.evaluate(
        """() => {
          const offer = new Event('beforeinstallprompt', { cancelable: true });
          offer.prompt = () => (window.prompted = true);
          offer.userChoice = Promise.resolve({ outcome: 'accepted' });
          dispatchEvent(offer);
        }"""
    )
    page.click("text=Install this app")
    page.wait_for_selector(".install", state="detached")
    assert page.evaluate("window.prompted") is True


def test_an_iphone_gets_words_on_how_to_install(take):
    hand = take(user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1")
    hand.begin()
    assert "Add to Home Screen" in hand.text()
    hand.page.click("text=Not now")
    hand.page.reload()
    hand.page.wait_for_selector(".pick")
    assert hand.page.locator(".install").count() == 0


NO_STORAGE = """
  const no = () => { throw new DOMException('denied', 'SecurityError'); };
  Object.defineProperty(window, 'localStorage', { get: no });
  Object.defineProperty(window, 'indexedDB', { get: no });
"""


def test_a_browser_that_keeps_nothing_is_told_once_and_all_goes_on(take):
    hand = take(prepare=lambda page: page.add_init_script(NO_STORAGE))
    hand.begin()
    hand.page.wait_for_selector("[data-fault=storage]")
    assert hand.screen(SIGNS)[0] == "signs"
    hand.page.fill("#note", "a note")
    hand.page.press("#note", "Tab")
    hand.page.wait_for_selector("text=Note kept.")
    hand.page.click("text=History")
    hand.page.wait_for_selector("text=a note")
    assert "This browser keeps nothing" in hand.text()


NOT_KEPT = "navigator.serviceWorker.register = () => Promise.reject(new Error('denied'));"


def without(name: str):
    return lambda page: page.add_init_script(f"delete globalThis.{name}")


def altered_model(page) -> None:
    def answer(route):
        body = bytearray(route.fetch().body())
        body[len(body) // 2] ^= 1
        route.fulfill(body=bytes(body))

    page.add_init_script(NOT_KEPT)
    page.route("**/model.onnx", answer)


def broken_worker(page) -> None:
    page.add_init_script(NOT_KEPT)
    page.route("**/engine/worker.js", lambda route: route.abort())


@pytest.mark.parametrize(
    ("prepare", "fault"),
    [(without("DecompressionStream"), "browser"), (altered_model, "hash"), (broken_worker, "worker")],
    ids=["old-browser", "other-model", "no-worker"],
)
def test_where_nothing_can_be_screened_one_message_says_what_to_do(take, prepare, fault):
    hand = take(prepare=prepare)
    hand.open()
    hand.page.wait_for_selector("[data-fault]")
    assert hand.page.get_attribute("[data-fault]", "data-fault") == fault
    texts = hand.page.evaluate("import('./languages/en.js').then((module) => module.default)")
    assert texts[f"fault.{fault}"] in hand.text()
    assert texts[f"fix.{fault}"] in hand.text()
    assert hand.page.is_visible("text=Start again")
    hand.page.click(".tabs >> text=History")
    hand.page.wait_for_selector("h1 >> text=History")
    hand.strays[:] = [one for one in hand.strays if "net::ERR" not in one]
