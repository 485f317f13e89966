"""Totals of event images: by brute force, symmetric as the detector is, as published, alike in torch."""

from __future__ import annotations

import csv
import os
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from unseen.collider import totals as numeric
from unseen.collider.totals import NINE, TOTALS, totals
from unseen.data.scale import Energies
from unseen.errors import DataError
from unseen.evaluation import roc_auc
from unseen.nn import totals as scaled

SHOWERS = (
    Path(os.environ.get("UNSEEN_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    / "collider"
    / "dark_showers"
)
published = pytest.mark.skipif(
    not (SHOWERS / "n_tracks" / "test").is_dir(), reason=f"no published dark showers in {SHOWERS}"
)

# AUROC in percent: SUEP 125, 200, 300, 400, 700, 1000, then SVJ 2.1, 3.1, 4.1 TeV.
SIGNALS = [f"suep {mass}" for mass in (125, 200, 300, 400, 700, 1000)]
SIGNALS += [f"svj {mass}" for mass in (2100, 3100, 4100)]
TABLE = {
    "n_tracks": (77.2, 91.1, 97.9, 99.6, 99.9, 99.9, 82.2, 88.9, 90.8),
    "lit tracker": (78.3, 92.7, 98.4, 99.8, 99.8, 100.0, 83.3, 88.4, 88.3),
    "hits over energy": (83.4, 92.8, 96.2, 97.2, 99.3, 99.5, 70.0, 58.2, 45.8),
    "codae_zm1": (78.4, 92.7, 98.5, 99.7, 99.8, 100.0, 83.4, 88.2, 87.4),
    "codae_mse": (85.6, 96.3, 99.5, 99.8, 99.9, 100.0, 85.4, 89.6, 89.5),
    "codae_l1": (85.8, 96.4, 99.5, 99.9, 99.9, 100.0, 85.6, 89.9, 89.8),
    "codae_dice": (87.0, 96.6, 99.5, 99.8, 99.9, 100.0, 84.7, 88.5, 88.6),
}
MAHALANOBIS = (75.8, 81.5, 92.1, 95.6, 98.4, 99.1, 70.6, 76.6, 84.5)


def events(n, shape=(72, 58), seed=0):
    random = np.random.default_rng(seed)
    images = random.exponential(20.0, (n, 3, *shape)) * (random.random((n, 3, *shape)) < 0.03)
    return images.astype(np.float32)


def column(name, images):
    names, values = totals(images)
    return values[:, names.index(name)]


def kind_of(name):
    mass = re.search(r"_h(\d+)_|^svj_(\d+)_", name)
    return "qcd" if mass is None else f"{name.split('_')[0]} {mass[1] or mass[2]}"


@cache
def showers(part):
    """Images (N, 3, 72, 58), kind and track count of each published event of a part."""
    images, kinds, tracks = [], [], []
    for path in sorted((SHOWERS / "n_tracks" / part).glob("*.npz")):
        with np.load(path) as held:
            images.append(held["images"].transpose(0, 3, 1, 2))
            tracks.append(held["n_tracks"].ravel())
            kinds += [kind_of(path.name)] * len(tracks[-1])
    return np.concatenate(images), np.array(kinds), np.concatenate(tracks)


@cache
def shower_totals(part):
    return totals(showers(part)[0])[1]


def aurocs(scores, kinds):
    normal = scores[kinds == "qcd"]
    values = []
    for signal in SIGNALS:
        odd = scores[kinds == signal]
        values.append(100 * roc_auc(normal, odd))
    return values


def test_every_total_of_an_event_worked_by_hand():
    image = np.zeros((1, 3, 72, 58))
    image[0, 0, 0, 10], image[0, 0, 71, 11], image[0, 0, 2, 13] = 4.0, 6.0, 2.0
    image[0, 1, 18, 5], image[0, 2, 18, 6], image[0, 2, 0, 10] = 30.0, 10.0, 1.0
    found = dict(zip(TOTALS, totals(image)[1][0], strict=True))
    turn = 2 * np.pi / 72
    east, north = 40 * np.cos(18.5 * turn) + np.cos(0.5 * turn), 40 * np.sin(18.5 * turn) + np.sin(0.5 * turn)
    known = {
        "lit tracker": 3,
        "lit ECAL": 1,
        "lit HCAL": 2,
        "sum tracker": 12,
        "sum ECAL": 30,
        "sum HCAL": 11,
        "hits over energy": 3 / 53,
        "calo MET": np.hypot(east, north),
        "ln sum tracker": np.log(13),
        "ln sum ECAL": np.log(31),
        "ln sum HCAL": np.log(12),
        "ln lit tracker": np.log(4),
        "ln lit ECAL": np.log(2),
        "ln lit HCAL": np.log(3),
        "ln calo MET": np.log(10 + np.hypot(east, north)),
        "ln largest pixel": np.log(30),
        "ln pixel norm": 0.5 * np.log(5**2 + 6**2 + 2**2 + 30**2 + 10**2),
        # three with themselves; two neighbours across the seam; from (0, 10) to (2, 13), 3 across
        "ln pairs 3": np.log(1 + 5),
        "ln pairs 5": np.log(1 + 5),
        "ln pairs 9": np.log(1 + 9),
        "ln pairs 15": np.log(1 + 9),
    }
    assert found == pytest.approx(known)


@pytest.mark.parametrize("shape", [(72, 58), (6, 5)])
def test_pairs_by_brute_force(shape):
    image = events(3, shape, seed=4)
    image[:, 0] = np.where(np.random.default_rng(5).random((3, *shape)) < 0.2, 1.0, 0.0)
    for window in numeric.WINDOWS:
        reach = range(-(window // 2), window // 2 + 1)
        for row, mask in enumerate(image[:, 0]):
            count = 0
            for i, j in np.argwhere(mask):
                for down in reach:
                    for across in reach:
                        if 0 <= j + across < shape[1]:
                            count += mask[(i + down) % shape[0], j + across]
            assert np.expm1(column(f"ln pairs {window}", image)[row]) == pytest.approx(count)


def test_totals_do_not_depend_on_where_azimuth_begins_nor_on_the_side():
    images = events(4)
    for moved in (np.roll(images, 17, axis=2), images[:, :, ::-1], images[:, :, :, ::-1]):
        np.testing.assert_allclose(totals(moved)[1], totals(images)[1], rtol=1e-9, atol=1e-9)


def test_a_stream_may_be_cut_anywhere():
    images = events(numeric.BLOCK + 5)
    whole = totals(images)[1]
    parts = [totals(part)[1] for part in np.split(images, [1, 40])]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert totals(images[:0])[1].shape == (0, len(TOTALS))


@pytest.mark.parametrize("shape", [(72, 58), (9, 7)])
def test_torch_has_the_same_numbers(shape):
    images = np.concatenate([events(20, shape), np.zeros((1, 3, *shape), np.float32)])
    z = torch.from_numpy(Energies().transform(images))
    assert scaled.WINDOWS == numeric.WINDOWS
    np.testing.assert_allclose(scaled.totals(z).numpy(), totals(images)[1], rtol=1e-4, atol=1e-4)


def test_an_empty_event_has_finite_totals():
    assert np.isfinite(totals(np.zeros((2, 3, 72, 58)))[1]).all()


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 1, 72, 58)), r"images of shape \(2, 1, 72, 58\); accepted: \(N, 3, H, W\)"),
        (np.zeros((3, 72, 58)), r"images of shape \(3, 72, 58\)"),
        (np.full((2, 3, 4, 5), np.nan), r"image 0 holds nan in pixel \(0, 0, 0\)"),
        (np.pad(np.full((1, 1, 1, 1), -2.0), ((70, 0), (1, 1), (2, 0), (3, 0))), r"image 70 holds -2\.0 in"),
    ],
)
def test_other_images_are_refused(images, message):
    with pytest.raises(DataError, match=message):
        totals(images)


def test_torch_refuses_other_shapes():
    with pytest.raises(DataError, match=r"images of shape \(2, 1, 4, 4\)"):
        scaled.totals(torch.zeros(2, 1, 4, 4))


@published
def test_the_published_trivial_scores_come_out_again():
    _, kinds, tracks = showers("test")
    values = shower_totals("test")
    assert aurocs(tracks, kinds) == pytest.approx(TABLE["n_tracks"], abs=0.1)
    for name in ("lit tracker", "hits over energy"):
        assert aurocs(values[:, TOTALS.index(name)], kinds) == pytest.approx(TABLE[name], abs=0.1)


@published
def test_the_distance_in_nine_totals_comes_out_again():
    places = [TOTALS.index(name) for name in NINE]
    normal, values = shower_totals("train")[:, places], shower_totals("test")[:, places]
    off = values - normal.mean(0)
    distance = np.einsum("ni,ij,nj->n", off, np.linalg.inv(np.cov(normal.T)), off)
    assert aurocs(distance, showers("test")[1]) == pytest.approx(MAHALANOBIS, abs=0.1)


@published
def test_the_published_scores_of_the_published_networks_come_out_again():
    with (SHOWERS / "reference_scores.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith("n_tracks/test/")]
    kinds = np.array([kind_of(row["file"].rpartition("/")[2]) for row in rows])
    for name, known in TABLE.items():
        if name.startswith("codae"):
            scores = np.array([float(row[name]) for row in rows])
            assert aurocs(scores, kinds) == pytest.approx(known, abs=0.1)


@published
def test_lit_pixels_are_those_of_the_published_table():
    with (SHOWERS / "reference_scores.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith("n_tracks/train/")]
    values, normal = shower_totals("train"), showers("train")[1] == "qcd"
    by_file = np.array([float(row["n_hits"]) for row in rows])
    assert normal.all()
    assert np.array_equal(np.sort(by_file), np.sort(values[:, 0]))
    for name, ours in (("sum_trk", "sum tracker"), ("sum_ecal", "sum ECAL"), ("sum_hcal", "sum HCAL")):
        theirs = np.sort([float(row[name]) for row in rows])
        np.testing.assert_allclose(theirs, np.sort(values[:, TOTALS.index(ours)]), rtol=1e-4)
