"""An app as a folder: written whole or not at all, hashed, described, checked again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
from phone_apps import probe_pages, screener_app, screener_manifest, screener_model

from unseen.errors import ModelFileError
from unseen.phone import bundle
from unseen.phone.bundle import static_files, write_app
from unseen.phone.check import check_app
from unseen.phone.manifest import read_manifest
from unseen.phone.serving import POLICY


@pytest.fixture(scope="module")
def model():
    return screener_model()


def test_every_file_is_listed_with_its_hash_and_the_worker_knows_the_list(app):
    manifest = read_manifest((app / "app.json").read_bytes())
    found = {path.relative_to(app).as_posix() for path in app.rglob("*") if path.is_file()}
    assert found == {*manifest.files, "app.json", "service-worker.js"}
    for path, entry in manifest.files.items():
        content = (app / path).read_bytes()
        assert (entry.sha256, entry.bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    digest = hashlib.sha256((app / "app.json").read_bytes()).hexdigest()
    assert f'const APP = "{digest}";' in (app / "service-worker.js").read_text()
    assert {"model.onnx", "engine/client.js", "runtime/ort-wasm.bin", "runtime/LICENSES.txt"} < found


def test_the_manifest_comes_back_as_it_was(app, model):
    manifest = read_manifest((app / "app.json").read_bytes())
    assert replace(manifest, files={}) == screener_manifest(model)


def test_what_an_app_weighs_is_measured(app, model, tmp_path):
    with probe_pages():
        written = write_app(tmp_path / "app", model, screener_manifest(model))
    assert written.bytes == sum(path.stat().st_size for path in app.rglob("*") if path.is_file())
    assert 3_000_000 < written.first_load < written.bytes < 6_000_000
    assert (written.kind, written.model_bytes, written.id) == ("screener", len(model), written.id)


def test_an_older_app_is_replaced_and_nothing_else_is(app, model, runtime, tmp_path):
    place = screener_app(tmp_path / "app")
    screener_app(place, title="Newer")
    assert read_manifest((place / "app.json").read_bytes()).title == "Newer"
    assert list(tmp_path.iterdir()) == [place]
    (place / "notes.txt").write_text("mine")
    with pytest.raises(ModelFileError, match=r"holds notes\.txt, which is no part of the app there"):
        screener_app(place)
    assert (place / "notes.txt").read_text() == "mine"
    assert read_manifest((place / "app.json").read_bytes()).title == "Newer"
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine")
    for path, why in (
        (other, "is a folder that is not an app"),
        (other / "thesis.txt", "is a file, and an app is a folder"),
        (tmp_path / "none" / "app", "does not exist: create it first"),
    ):
        with pytest.raises(ModelFileError, match=why):
            write_app(path, model, screener_manifest(model))
    assert (other / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize(("limit", "most"), [("MOST_ON_DISK", 1_000_000), ("MOST_FIRST_LOAD", 1_000_000)])
def test_an_app_that_weighs_too_much_is_not_written(runtime, model, tmp_path, monkeypatch, limit, most):
    monkeypatch.setattr(bundle, limit, most)
    with pytest.raises(ModelFileError, match="accepted: 1 MB"):
        write_app(tmp_path / "app", model, screener_manifest(model))
    assert list(tmp_path.iterdir()) == []


def test_the_manifest_of_another_model_is_refused(runtime, model, tmp_path):
    with pytest.raises(ModelFileError, match="the manifest is that of model"):
        write_app(tmp_path / "app", model + b"x", screener_manifest(model))


MANIFESTS = [
    (lambda found: found | {"format": "other"}, "is not that of an app"),
    (lambda found: found | {"version": 2}, "has version 2; this release reads 1"),
    (lambda found: found | {"colour": "red"}, "colour: unexpected keyword argument"),
    (lambda found: found | {"kind": "oracle"}, "kind: input should be 'screener' or 'detector'"),
    (lambda found: found | {"alpha": "0.05"}, "alpha: input should be a valid number"),
    (lambda found: {key: value for key, value in found.items() if key != "gate"}, "lacks gate"),
    (lambda found: {key: value for key, value in found.items() if key != "id"}, "id: field required"),
]


@pytest.mark.parametrize(("change", "why"), MANIFESTS)
def test_a_manifest_is_read_strictly(model, change, why):
    found = json.loads(screener_manifest(model).encoded())
    with pytest.raises(ModelFileError, match=why):
        read_manifest(json.dumps(change(found)).encode())
    for data in (b"", b"[]", b'{"format": "unseen-app", "format": "unseen-app"}'):
        with pytest.raises(ModelFileError):
            read_manifest(data)


def test_a_whole_app_passes_its_check(app):
    found = check_app(app)
    assert (found.kind, found.title, found.golden, found.others) == ("screener", "Made up", 3, ())
    assert found.largest < 1e-6


SPOILT = [
    ("engine/area.js", lambda data: data + b"\n", r"area\.js is not the file that was written"),
    ("model.onnx", lambda data: data[:-1] + b"\0", r"model\.onnx is not the file that was written"),
    ("app.json", lambda data: data.replace(b"Made up", b"Made on"), r"belongs to another app\.json"),
    ("service-worker.js", lambda data: b"", r"service-worker\.js is not that of an app"),
    ("engine/area.js", None, r"lacks engine/area\.js"),
    ("app.json", None, "is not an app"),
]


@pytest.mark.parametrize(("name", "spoil", "why"), SPOILT)
def test_a_spoilt_app_is_named(app, name, spoil, why):
    place, whole = app / name, (app / name).read_bytes()
    try:
        place.unlink() if spoil is None else place.write_bytes(spoil(whole))
        with pytest.raises(ModelFileError, match=why):
            check_app(app)
    finally:
        place.write_bytes(whole)
    assert check_app(app).files > 30


def test_a_model_that_says_something_else_is_found_out(runtime, model, tmp_path):
    golden = screener_manifest(model).golden
    wrong = ({**golden[0], "gate": golden[0]["gate"] + 0.1}, *golden[1:])
    place = screener_app(tmp_path / "app", golden=wrong)
    with pytest.raises(ModelFileError, match=r"golden vector 1 comes out 0\.\d+ off where 0\.001 is allowed"):
        check_app(place)
    with pytest.raises(ModelFileError, match=r"golden vector 1 .* does not fit the model"):
        check_app(screener_app(place, golden=({"rows": [0.0], "logit": 0.0},)))


def test_files_that_are_no_part_of_an_app_are_told(app):
    (app / "stray.txt").write_text("?")
    try:
        assert check_app(app).others == ("stray.txt",)
    finally:
        (app / "stray.txt").unlink()


def test_the_rules_of_the_browser_are_the_same_wherever_they_stand():
    files = static_files()
    worker = "".join(files["service-worker.js"].decode().split('" +\n  "'))
    assert POLICY in worker
    page = files.get("index.html")
    if page is not None:
        # a page cannot say who may frame it
        assert POLICY.partition("; frame-ancestors")[0] in page.decode()


def test_the_engine_asks_for_nothing_but_files_of_the_app():
    for path, data in static_files().items():
        if path.endswith((".js", ".html")):
            text = data.decode()
            hosts = [word for word in text.split() if "://" in word and "www.w3.org" not in word]
            assert not hosts, f"{path}: {hosts}"
