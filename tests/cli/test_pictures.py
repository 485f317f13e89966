"""unseen symmetry IMAGE: table, JSON and page say the same, and nothing is left behind by a fault."""

import json

import numpy as np
import pytest
from commandline import unseen

Image = pytest.importorskip("PIL.Image")


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    """A round spot, cut off to the right."""
    x, y = np.meshgrid(np.linspace(-1, 1, 128), np.linspace(-1, 1, 128))
    spot = np.exp(-6 * (x**2 + y**2)) + np.exp(-40 * ((x - 0.5) ** 2 + (y - 0.6) ** 2))
    path = tmp_path_factory.mktemp("pictures") / "a [spot].png"
    Image.fromarray(np.round(200 * spot / spot.max()).astype(np.uint8)).save(path)
    return path


def test_table_json_and_page_say_the_same(picture, tmp_path):
    page = tmp_path / "page.html"
    ran = unseen("symmetry", str(picture), "--json", "--out", str(page))
    assert (ran.code, ran.err) == (0, "")
    found = json.loads(ran.out)
    (one,) = found["pictures"]
    assert one["picture"] == str(picture)
    assert found["page"] == str(page)
    table = unseen("symmetry", str(picture))
    assert (table.code, table.err) == (0, "")
    assert str(picture) in table.out
    html = page.read_text()
    for row in one["symmetries"]:
        assert row["symmetry"] in table.out
        assert row["words"] in table.out
        assert row["words"] in html
        assert f"{row['whole']['level']:.0%}" in html
    assert html.count("<img") == 2
    assert "://" not in html.replace("http://www.w3.org", "")


def test_notes_go_to_standard_error(tmp_path):
    pixels = np.tile(np.random.default_rng(0).integers(0, 255, (64, 1), dtype=np.uint8), 256)
    pixels[:, 120:140] //= 2
    Image.fromarray(pixels).save(tmp_path / "long.png")
    ran = unseen("symmetry", str(tmp_path / "long.png"), "--json")
    assert ran.code == 0
    assert ran.err == (
        f"note: {tmp_path}/long.png: more than 3 times as long as wide: only the middle 25% is looked at\n"
    )
    assert json.loads(ran.out)["pictures"][0]["notes"]


def test_one_bad_picture_is_named_and_nothing_is_written(picture, tmp_path):
    Image.new("L", (80, 80)).save(tmp_path / "flat.png")
    page = tmp_path / "page.html"
    ran = unseen("symmetry", str(picture), str(tmp_path / "flat.png"), "--out", str(page))
    assert ran.code == 1
    assert ran.out == ""
    assert ran.err == (
        f"unseen: {tmp_path}/flat.png is of one brightness in its centre square;"
        " accepted: a picture of something\n"
    )
    assert not page.exists()
