"""The film network: what it gives, where it comes from, and what it refuses."""

import numpy as np
import pytest
import torch

from unseen.errors import ConfigError, DataError
from unseen.screening.network import SIZES, FilmDesign, film_rows, read_films
from unseen.seeds import generator, seeded

SMALL = FilmDesign(stages=((4,), (6, 8)), members=2)


def drawn(design=SMALL, seed=0):
    """A network whose norms have seen films, so that no map is zero by chance."""
    with seeded(seed):
        network = design.build().train()
        for member in network.members():
            for _ in range(3):
                member(torch.rand(8, 1, design.size, design.size))
            torch.nn.init.normal_(member.bias)
    return network.eval()


def films(count, size=28, seed=1):
    return generator(seed).random((count, size, size), dtype=np.float32)


def test_the_map_is_grad_cam_of_all_last_maps_together():
    network, rows = drawn(), torch.from_numpy(films(5)[:, None])
    kept = []
    for member in network.members():
        member.features.register_forward_hook(lambda module, given, made: kept.append(made))
    logit, cam = network(rows)
    slopes = torch.autograd.grad(logit.sum(), kept)
    # the four phases of a film stand in one batch, one after the other; positions are pooled by a mean
    parts = []
    for maps, slope in zip(kept, slopes, strict=True):
        alpha = slope.mean((2, 3), keepdim=True)
        parts += (alpha * maps).sum(1).chunk(4)
    expected = torch.relu(torch.stack(parts).sum(0))
    assert float(expected.detach().max()) > 1e-4
    assert torch.allclose(cam, expected, atol=1e-7, rtol=1e-5)


def test_the_map_adds_up_to_the_logit_where_all_evidence_is_for_the_finding():
    network = drawn()
    for member in network.members():
        member.head.weight.data.abs_()
    logit, cam = network(torch.from_numpy(films(4)[:, None]))
    bias = torch.stack([member.bias for member in network.members()]).mean()
    assert torch.allclose(cam.sum((1, 2)) + bias, logit, atol=1e-5)


def test_a_reading_is_the_mean_over_the_phases_of_the_first_step():
    rows = films(6)
    wider = np.pad(rows, ((0, 0), (0, 1), (0, 1)), mode="edge")
    moved = [wider[:, down : down + 28, on : on + 28] for down in (0, 1) for on in (0, 1)]
    network, plain = (drawn(FilmDesign(stages=((4,), (6, 8)), phases=all_four)) for all_four in (True, False))
    # films are levelled before they are moved
    network.levels = plain.levels = torch.nn.Identity()
    logit, _ = read_films(network, rows)
    readings = [read_films(plain, phase)[0] for phase in moved]
    assert np.allclose(logit, np.mean(readings, axis=0), atol=1e-5)
    assert not np.allclose(logit, readings[0], atol=1e-4)


def test_a_logit_does_not_depend_on_the_films_beside_it():
    network, many = drawn(), films(300)
    together, maps = read_films(network, many)
    alone = [read_films(network, many[at : at + 1]) for at in (0, 7, 299)]
    assert np.allclose([logit[0] for logit, _ in alone], together[[0, 7, 299]], atol=1e-5)
    assert np.allclose([cam[0] for _, cam in alone], maps[[0, 7, 299]], atol=1e-6)


@pytest.mark.parametrize("size", SIZES)
def test_films_of_every_size_end_in_maps_of_seven_or_eight_cells(size):
    network = drawn(FilmDesign(size=size, stages=((4,), (8,)), members=2))
    logit, cam = read_films(network, films(3, size))
    assert logit.shape == (3,)
    assert cam.shape[0] == 3
    assert cam.shape[1] == cam.shape[2] in (7, 8)
    assert np.isfinite(logit).all()
    assert logit.std() > 0


def test_bytes_are_shares_of_255_and_reading_leaves_the_mode_alone():
    network = drawn().train()
    raw = generator(2).integers(0, 256, (4, 28, 28), dtype=np.uint8)
    assert np.array_equal(read_films(network, raw)[0], read_films(network, raw / np.float32(255.0))[0])
    assert network.training


def test_a_network_comes_back_from_plain_values_and_weights():
    network = drawn()
    other = FilmDesign.from_dict(network.design.to_dict()).build().eval()
    other.load_state_dict(network.state_dict())
    assert other.design == network.design
    assert np.array_equal(read_films(network, films(5))[0], read_films(other, films(5))[0])


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (np.zeros((3, 27, 28)), "films of shape (3, 1, 27, 28) came; accepted: (N, 28, 28)"),
        (np.zeros((3, 3, 28, 28)), "(3, 3, 28, 28)"),
        (np.zeros(28), "(28,)"),
        (np.zeros((1, 28, 28), dtype=np.uint16), "films of uint16"),
        (np.full((1, 28, 28), np.nan), "not finite"),
        (np.full((1, 28, 28), 1.5), "outside 0 to 1"),
    ],
)
def test_what_is_no_film_is_refused(images, says):
    with pytest.raises(DataError) as caught:
        film_rows(images, 28)
    assert says in str(caught.value)


def test_rows_of_another_side_are_refused_by_the_network():
    with pytest.raises(DataError, match=r"\(2, 1, 64, 64\) came; accepted: \(N, 1, 28, 28\)"):
        drawn()(torch.zeros(2, 1, 64, 64))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"size": 32}, "size 32"),
        ({"stages": []}, "stages"),
        ({"stages": [[16], []]}, "stages"),
        ({"stages": [[0]]}, "stages"),
        ({"members": 0}, "members 0"),
        ({"dropout": 1.0}, "dropout"),
        ({"width": 3}, "'width' came; accepted:"),
    ],
)
def test_designs_out_of_bounds_are_refused(values, says):
    with pytest.raises(ConfigError, match=says):
        FilmDesign.from_dict(values)
