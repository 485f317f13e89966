"""Films from files: tables divided by patient, MedMNIST files with honest counts, and what is refused."""

import numpy as np
import pytest
from PIL import Image
from tiny_screener import films

from unseen.errors import DataError
from unseen.pictures.checks import Limits
from unseen.screening.film_table import WITHOUT_PATIENTS, divided, read_table
from unseen.screening.films import Films, FilmSets, read_medmnist
from unseen.studies.films import framing_of


@pytest.fixture
def folder(tmp_path):
    """Forty films of twenty patients in two wards."""
    made = films(40, 3, side=64)
    lines = ["path,label,source,patient"]
    for at, (row, finding) in enumerate(zip(made.pixels, made.findings, strict=True)):
        Image.fromarray((row[0] * 255).astype(np.uint8)).save(tmp_path / f"{at}.png")
        lines.append(f"{at}.png,{'patch' if finding else 'normal'},ward {at % 4 // 2},p{at // 2}")
    (tmp_path / "films.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def listed(folder, **about):
    return read_table(folder / "films.csv", framing_of(28), Limits(), **about)


def test_no_patient_is_on_two_sides(folder):
    found = listed(folder)
    assert found.films.counts == (20, 20)
    sets = divided(found)
    assert sets.labels == ("normal", "patch")
    assert len(sets.train) + len(sets.validation) + sum(len(part) for part in sets.tests.values()) == 40
    assert len(sets.train) > 15
    assert set(sets.tests) <= {"ward 0", "ward 1"}
    sides = {}
    for name, part in (("train", sets.train), ("validation", sets.validation), *sets.tests.items()):
        for row in part.pixels:
            at = int(np.flatnonzero((found.films.pixels == row).all((1, 2, 3)))[0])
            sides.setdefault(found.rows[at].patient, set()).add("test" if name.startswith("ward") else name)
    assert all(len(side) == 1 for side in sides.values())


def test_a_patient_in_two_parts_is_refused(folder):
    text = (folder / "films.csv").read_text().splitlines()
    rows = [f"{line},{'train' if at % 2 else 'test'}" for at, line in enumerate(text[1:])]
    (folder / "films.csv").write_text("\n".join([f"{text[0]},split", *rows]))
    with pytest.raises(DataError, match="a patient has films in test and in train"):
        divided(listed(folder))


def test_without_patients_every_report_says_so(folder):
    lines = (folder / "films.csv").read_text().splitlines()
    (folder / "films.csv").write_text("\n".join(line.rsplit(",", 1)[0] for line in lines))
    with pytest.raises(DataError, match="names no patient"):
        divided(listed(folder))
    assert divided(listed(folder), patients=False).notes == (WITHOUT_PATIENTS,)


def test_films_that_are_refused_are_named(folder):
    (folder / "3.png").write_bytes((folder / "3.png").read_bytes()[:60])
    Image.new("RGB", (90, 90), (200, 20, 20)).save(folder / "4.png")
    found = listed(folder)
    assert len(found.films) == 38
    assert len(found.refused) == 2
    assert "3.png" in found.refused[0]
    assert "colour" in found.refused[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has columns none"),
        ("path,label\n", "lists 0 films"),
        ("path,source\n1.png,a\n", "has columns path, source; accepted: path, label"),
        ("path,label,label\n1.png,a,b\n", "each once"),
        ("path,label\n1.png,\n", "line 2: path or label is empty"),
        ("path,label,split\n1.png,normal,some\n", "split is 'some'"),
        ("path,label\n1.png,ill\n", "no film has the label 'normal'; labels are ill"),
        ("path,label\nnone.png,normal\n", "none.png does not exist"),
    ],
)
def test_tables_that_cannot_be_used_say_why(tmp_path, text, said):
    (tmp_path / "films.csv").write_text(text)
    with pytest.raises(DataError, match=said):
        listed(tmp_path)


def test_a_table_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "films.csv").write_bytes("path,label\nä.png,normal\n".encode("latin-1"))
    with pytest.raises(DataError, match="UTF-8"):
        listed(tmp_path)


def medmnist(path, change=lambda arrays: arrays):
    made = films(12, 0)
    arrays = {}
    for part in ("train", "val", "test"):
        arrays[f"{part}_images"] = (made.pixels[:, 0] * 255).astype(np.uint8)
        arrays[f"{part}_labels"] = made.findings[:, None].astype(np.uint8)
    np.savez(path, **change(arrays))
    return path


def test_other_counts_are_refused_unless_allowed(tmp_path):
    path = medmnist(tmp_path / "films.npz")
    with pytest.raises(DataError, match=r"train 6 \+ 6, val 6 \+ 6, test 6 \+ 6, those of PneumoniaMNIST"):
        read_medmnist(path)
    sets = read_medmnist(path, allow_other=True)
    assert len(sets.train) == 12
    assert len(sets.validation) == len(sets.tests["test"]) == 0
    assert sets.notes[0].startswith("12 films of validation are films of training too")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda a: {k: v for k, v in a.items() if k != "val_labels"}, "misses val_labels"),
        (lambda a: a | {"train_images": a["train_images"].astype(float)}, "accepted: uint8"),
        (lambda a: a | {"train_images": a["train_images"][:, :20]}, "accepted: "),
        (lambda a: a | {"test_labels": a["test_labels"][:5]}, "does not fit 12 images"),
        (lambda a: a | {"test_labels": a["test_labels"] + 1}, "0 or 1"),
        (lambda a: a | {"val_labels": np.array([object()])}, "is not a NPZ file of films"),
    ],
)
def test_files_of_other_content_are_refused(tmp_path, change, said):
    path = medmnist(tmp_path / "films.npz", change)
    with pytest.raises(DataError, match=said):
        read_medmnist(path, allow_other=True)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"path,label\n"])
def test_files_that_are_none_are_refused(tmp_path, content):
    (tmp_path / "films.npz").write_bytes(content)
    with pytest.raises(DataError, match="is not a NPZ file of films"):
        read_medmnist(tmp_path / "films.npz")


def test_films_out_of_range_are_refused():
    with pytest.raises(DataError, match="divide 8-bit values"):
        Films(np.full((2, 1, 28, 28), 7, np.float32), np.array([0, 1]))
    with pytest.raises(DataError, match="accepted"):
        Films(np.zeros((2, 1, 30, 30), np.float32), np.array([0, 1]))


def test_films_of_training_are_left_out_of_the_tests():
    train = films(10, 0)
    other = films(10, 1)
    both = Films(
        np.concatenate([other.pixels, train.pixels[:3]]), np.concatenate([other.findings, [0, 1, 0]])
    )
    sets = FilmSets(train, other, {"test": both}).without_repeats()
    assert len(sets.tests["test"]) == 10
