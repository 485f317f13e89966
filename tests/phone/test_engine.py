"""The engine in a real Chromium: outcomes, privacy, hostile files, time and memory."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from phone_apps import (
    CHROMIUM,
    SCREEN,
    START,
    film,
    picture,
    record,
    screener_manifest,
    screener_model,
    text,
)

from unseen.phone.serving import POLICY
from unseen.pictures.films import made_up_film
from unseen.screening.outcome import Rule, decide
from unseen.seeds import generator

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (apt-get install chromium)"),
]
MB = 1 << 20


@pytest.fixture(scope="module")
def site(chromium, address):
    """A page with the engine, and everything it has asked for, said or been told."""
    with chromium.new_context() as context:
        page = context.new_page()
        page.asked, page.said = [], []
        context.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.goto(f"{address}probe.html")
        started = page.evaluate(START)
        assert started == {
            "kept": {"offline": True, "waiting": False, "fault": None},
            "faults": [],
            "title": "Made up",
        }
        yield page


def screen(page, file: str, **options: object) -> dict:
    return page.evaluate(SCREEN, [file, options])


# -- outcomes ----------------------------------------------------------------------------------------

CHOSEN = json.loads(record(1, "made-up hospital").model_dump_json())
OUTCOMES = [
    # mean grey, upper minus lower half, record, photo -> outcome, why or reason
    (0.3, -0.1, CHOSEN, "no-signs", None),
    (0.3, -0.1, None, "refer", "no-record"),
    (0.7, -0.1, None, "signs", None),
    (0.7, -0.1, CHOSEN, "signs", None),
    (0.5, -0.1, CHOSEN, "refer", "neither"),
    (0.3, 0.005, CHOSEN, "refer", "amber"),
    (0.5, 0.3, CHOSEN, "refused", "unlike"),
]


@pytest.mark.parametrize(("bright", "tilt", "chosen", "outcome", "why"), OUTCOMES)
def test_every_outcome_is_reached(site, bright, tilt, chosen, outcome, why):
    found = screen(site, picture(film(bright, tilt)), record=chosen)
    assert (found["outcome"], found["why"] or found["reason"]) == (outcome, why)
    assert (found["probability"] is None) == (outcome == "refused")
    assert (found["interval"] is None) == (outcome == "refused" or chosen is None)
    assert (found["map"] is None) == (outcome == "refused")
    assert found["preview"]["pixels"] == 4 * 64 * 64


def test_a_refused_film_is_told_which_way_it_would_pass(site):
    pixels = film(0.5, 0.3)
    found = screen(site, picture(pixels))
    assert (found["reason"], found["hints"]) == ("unlike", ["inverted", "rotated-180"])
    assert screen(site, picture(pixels), turn=180)["outcome"] == "refer"
    assert screen(site, picture(pixels), invert=True)["outcome"] == "refer"
    # bright above becomes bright on the right, and below by one more turn
    assert screen(site, picture(pixels), turn=90)["hints"] == ["rotated-90"]


def test_photographs_are_checked_as_such_and_need_a_record_of_photographs(site):
    sharp = picture(film(0.3, -0.1, side=300))
    assert screen(site, sharp, photograph=True)["why"] == "photograph"
    of_files, of_photos = CHOSEN, {**CHOSEN, "photo": True}
    assert screen(site, sharp, photograph=True, record=of_files)["why"] == "photograph"
    assert screen(site, sharp, photograph=True, record=of_photos)["outcome"] == "no-signs"
    small = screen(site, picture(film(0.3, -0.1)), photograph=True)
    assert (small["reason"], small["probability"]) == ("too-small", None)


def test_a_crop_is_screened_as_the_file_it_is_from(site):
    pixels = film(0.3, -0.1)
    whole = screen(site, picture(pixels))
    crop = site.evaluate(
        """async ([values, side]) => {
          const grey = Float32Array.from(values, (value) => value / 255);
          const { outcome, probability } = await client.screen({ width: side, height: side, grey });
          return { outcome, probability };
        }""",
        [pixels.ravel().tolist(), len(pixels)],
    )
    assert crop == {key: whole[key] for key in crop}


def test_decisions_are_those_of_python(site):
    """Random numbers of a model, under every kind of record, decided on both sides."""
    rng = generator(0, 3)
    logits, gates = rng.normal(0, 3, 300).round(3), rng.normal(-0.6, 0.7, 300).round(3)
    manifest = screener_manifest(screener_model())
    base, own = record(2, "training"), record(1, "made-up hospital")
    cases, wanted = [], []
    for chosen in (None, own, record(4, "photographs", photo=True)):
        for photograph in (False, True):
            told = decide(
                logits,
                gates,
                rule=Rule(alpha=manifest.alpha),
                base=base,
                record=chosen,
                photograph=photograph,
            )
            wanted += told
            source = None if chosen is None else json.loads(chosen.model_dump_json())
            cases.append([source, photograph])
    found = site.evaluate(
        """async ([manifest, cases, logits, gates]) => {
          const { decide } = await import('./engine/decide.js');
          const found = logits.map((logit, place) => ({ logit, gate: gates[place] }));
          return cases.flatMap(([record, photograph]) =>
            found.map((one) => decide(manifest, record, one, photograph)));
        }""",
        [manifest.to_dict(), cases, logits.tolist(), gates.tolist()],
    )
    assert {one.verdict for one in wanted} == {"refused", "refer", "signs", "no-signs"}
    assert {one.why for one in wanted} >= {"amber", "neither", "photograph", "no-record"}
    for ours, theirs in zip(found, wanted, strict=True):
        assert (ours["outcome"], ours["why"] or "") == (theirs.verdict, theirs.why)
        assert ours["gateP"] == pytest.approx(theirs.gate_p, abs=1e-12)
        if theirs.verdict != "refused":
            pair = [theirs.p_normal, theirs.p_finding]
            assert ours["pValues"] == pytest.approx(pair, abs=1e-12)
            assert ours["probability"] == pytest.approx(theirs.probability, abs=1e-9)
            assert ours["interval"] == (theirs.interval and pytest.approx(theirs.interval, abs=1e-9))


# -- privacy -----------------------------------------------------------------------------------------

KEPT = """async () => {
  const names = await caches.keys();
  const held = await Promise.all(names.map(async (name) => (await (await caches.open(name)).keys()).length));
  const stores = { local: localStorage.length, session: sessionStorage.length };
  return { names, held, ...stores, databases: (await indexedDB.databases()).length, at: location.href };
}"""


def test_nothing_leaves_the_page_and_nothing_of_the_film_is_kept(site):
    before, asked, said = site.evaluate(KEPT), len(site.asked), len(site.said)
    for file in (picture(film(0.7, -0.1)), picture(film(0.5, 0.3)), text(b"no picture"), photo_file()):
        screen(site, file)
    assert site.asked[asked:] == []
    assert site.said[said:] == []
    assert site.evaluate(KEPT) == before
    assert before["local"] + before["session"] + before["databases"] == 0


def photo_file() -> str:
    from PIL import Image

    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 6
    return picture(film(0.4, -0.1, side=280), "JPEG", exif=exif.tobytes())


def test_the_browser_itself_refuses_to_send_anything_elsewhere(site):
    """Whatever a script tried, in the page or in a worker: each has the policy of its own file."""
    tried = """async () => {
      const violated = new Promise((resolve) => {
        const tell = ({ effectiveDirective }) => resolve(effectiveDirective);
        addEventListener('securitypolicyviolation', tell, { once: true });
      });
      const sent = await fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused');
      const worker = await fetch('engine/worker.js');
      return [sent, await violated, worker.headers.get('content-security-policy')];
    }"""
    assert site.evaluate(tried) == ["refused", "connect-src", POLICY]
    site.said.clear()


# -- hostile files -----------------------------------------------------------------------------------


def hostile() -> dict[str, tuple[str, str]]:
    from make_dicom import refused_dicom
    from make_files import chunk, png

    dicoms = refused_dicom()
    whole = png(np.asarray(film(0.5, -0.1)), 0)
    huge = chunk(b"IHDR", (10_000).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0]))
    colour = np.rint(film(0.5, 0)[..., None] * np.array([1.0, 0.7, 0.4])).astype(np.uint8)
    return {
        "nothing": (text(b""), "empty-file"),
        "text": (text(b"this is no picture"), "not-a-picture"),
        "truncated PNG": (text(whole[: len(whole) // 2]), "broken"),
        "1 x 1": (picture(np.zeros((1, 1), np.uint8)), "too-small"),
        "100 megapixels": (
            text(whole[:8] + huge + chunk(b"IDAT", b"") + chunk(b"IEND", b"")),
            "too-many-pixels",
        ),
        "colour photograph": (picture(colour, "JPEG"), "colour"),
        "blank": (picture(np.full((50, 50), 128, np.uint8)), "flat"),
        "compressed DICOM": (text(dicoms["jpeg2000.dcm"]), "dicom-syntax"),
        "CT": (text(dicoms["ct.dcm"]), "dicom-modality"),
        "encrypted DICOM": (text(dicoms["encrypted.dcm"]), "dicom-pixels"),
    }


def test_hostile_files_are_refused_with_one_reason_each(site):
    said = len(site.said)
    for name, (file, reason) in hostile().items():
        found = screen(site, file)
        assert (found["outcome"], found["reason"], found["probability"]) == ("refused", reason, None), name
        assert found["detail"], name
    assert screen(site, picture(film(0.7, -0.1)))["outcome"] == "signs"
    assert site.evaluate("client.restarts") == 0
    assert site.said[said:] == []


def test_flipped_bytes_never_kill_the_worker(site):
    from make_dicom import RLE, dicom
    from make_dicom import film as dicom_film

    rng = generator(0, 8)
    pixels = made_up_film(7, 60, 50)
    grey = np.rint(255 * pixels).astype(np.uint8)
    kinds = [
        picture(grey),
        picture(grey, "JPEG"),
        text(dicom(dicom_film(5, height=50, width=40), bits=12)),
        text(dicom(dicom_film(6, height=50, width=40), bits=12, syntax=RLE)),
    ]
    flips = [[int(place) for place in rng.integers(0, 1 << 30, 3)] for _ in range(60)]
    found = site.evaluate(
        """async ([kinds, flips]) => {
          const reasons = {};
          for (const kind of kinds) {
            for (const [flip, places] of flips.entries()) {
              const data = Uint8Array.from(atob(kind), (letter) => letter.charCodeAt(0));
              // most of what can go wrong is decided in the first bytes
              for (const place of places) data[place % (flip % 2 ? data.length : 400)] ^= 1 << (place % 8);
              const { outcome, reason } = await client.screen(new File([data], 'film'));
              reasons[reason ?? outcome] = (reasons[reason ?? outcome] ?? 0) + 1;
            }
          }
          return { reasons, restarts: client.restarts };
        }""",
        [kinds, flips],
    )
    assert found["restarts"] == 0
    assert sum(found["reasons"].values()) == 240
    assert len(found["reasons"]) > 4
    assert screen(site, picture(film(0.7, -0.1)))["outcome"] == "signs"


def test_a_worker_that_dies_is_replaced_and_its_picture_refused(chromium, address):
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{address}probe.html")
        page.evaluate(START)
        page.evaluate(
            """() => {
              const post = Worker.prototype.postMessage;
              Worker.prototype.postMessage = function (...values) {
                Worker.prototype.postMessage = post;
                const event = new ErrorEvent('error', { message: 'out of memory' });
                setTimeout(() => this.dispatchEvent(event), 0);
              };
            }"""
        )
        file = picture(film(0.7, -0.1))
        found = page.evaluate(
            """async (text) => {
              const both = await Promise.all([client.screen(fileOf(text)), client.screen(fileOf(text))]);
              return both.map(({ outcome, reason, detail }) => ({ outcome, reason, detail }));
            }""",
            file,
        )
        assert (found[0]["outcome"], found[0]["reason"]) == ("refused", "broken")
        assert "out of memory" in found[0]["detail"]
        assert found[1]["outcome"] == "signs"
        assert page.evaluate("client.restarts") == 1


# -- time and memory ---------------------------------------------------------------------------------


def test_a_photograph_of_12_megapixels_takes_less_than_a_second_of_one_core(site, processes):
    """Processor time of the whole browser, so that a busy machine does not matter."""
    pixels = np.rint(255 * made_up_film(3, 750, 1000)).astype(np.uint8)
    file = picture(np.repeat(np.repeat(pixels, 4, 0), 4, 1), "JPEG", quality=90)
    site.evaluate("(text) => { window.large = fileOf(text); }", file)
    once = "async () => { const { picture, times } = await client.screen(large); return [picture, times]; }"
    site.evaluate(once)
    before, models = cpu(processes), []
    for _ in range(4):
        shown, times = site.evaluate(once)
        assert (shown["width"], shown["height"]) == (4000, 3000)
        models.append(times["model"])
    assert (cpu(processes) - before) / len(models) < 1.0
    assert min(models) < 20


def test_a_hundred_films_in_a_row_take_no_more_memory_than_a_few(site, processes):
    files = [picture(film(0.5, -0.1, seed, side=400), "JPEG") for seed in range(4)]
    site.evaluate("(texts) => { window.films = texts.map((text) => fileOf(text)); }", files)
    many = """async (count) => {
      let referred = 0;
      for (let place = 0; place < count; place++) {
        referred += (await client.screen(films[place % films.length])).outcome === 'refer';
      }
      return referred;
    }"""
    assert site.evaluate(many, 30) == 30
    before = memory(processes)
    assert site.evaluate(many, 100) == 100
    assert memory(processes) - before < 50 * MB


@pytest.fixture
def processes(chromium, site) -> list[int]:
    """Ids of all processes of the browser."""
    told = chromium.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
    return [one["id"] for one in told["processInfo"]]


def cpu(processes: list[int]) -> float:
    ticks = 0
    for one in processes:
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory(processes: list[int]) -> int:
    pages = (int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in processes)
    return sum(pages) * os.sysconf("SC_PAGE_SIZE")
