"""What names the class of a read-out: changes that keep the class, and networks that learn it."""

import numpy as np
import pytest
import torch

from unseen.decoy.classifiers import (
    Looker,
    Looking,
    MovedCopies,
    flip_components,
    flip_pairs,
    flip_signs,
    turn_maps,
)
from unseen.decoy.readout import densities
from unseen.decoy.templates import CLASSES, make

PAIRS = ((0, 1), (1, 2))


def test_flipping_densities_is_turning_components_round():
    maps = np.random.default_rng(0).normal(size=(1, 3, 16, 16))
    images = torch.from_numpy(densities(maps, PAIRS, bins=8))
    reachable = {
        densities(maps * np.array(signs).reshape(1, 3, 1, 1), PAIRS, bins=8).tobytes()
        for signs in np.ndindex(2, 2, 2)
        for signs in [[2 * s - 1 for s in signs]]
    }
    draws, seen = torch.Generator().manual_seed(0), set()
    for _ in range(60):
        changed = flip_pairs(images, draws, PAIRS).numpy().tobytes()
        assert changed in reachable
        seen.add(changed)
    assert len(seen) == 8


@pytest.mark.parametrize("change", [flip_components, flip_signs, turn_maps])
def test_changes_keep_sizes_and_follow_their_generator(change):
    images = torch.rand(3, 1, 8, 8)
    one, two = (change(images, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(one, two)
    assert torch.allclose(one.abs().sum((1, 2, 3)), images.sum((1, 2, 3)))


def test_moved_copies_show_nothing_where_a_map_is_symmetric():
    some = make(1, ["waves"], seed=0, purpose=1)
    maps = torch.from_numpy(some.values[:, None].astype(np.float32))
    apart = MovedCopies()(maps)
    assert apart.shape == (6, 8, 16, 16)
    two, quarter = CLASSES.index("two reflections"), CLASSES.index("quarter turn")
    assert apart[two, 1:4].max() < 1e-5
    assert apart[quarter, 3:5].max() < 1e-5
    assert apart[two, 4:6].max() > 0.1


def test_a_committee_learns_a_plain_difference_and_the_same_seed_gives_the_same_bits():
    rng = np.random.default_rng(0)
    kinds = np.arange(120) % 6
    images = rng.normal(size=(120, 1, 16, 16))
    images[np.arange(120), 0, kinds * 2, :] += 3
    looking = Looking(epochs=12, batch=20, members=2)
    one, two = (Looker(flip_signs, seed=3, looking=looking) for _ in range(2))
    before = torch.random.get_rng_state()
    named = one.fit(images[:90], kinds[:90]).predict(images[90:])
    assert torch.equal(torch.random.get_rng_state(), before)
    assert (named == kinds[90:]).mean() > 0.8
    again = two.fit(images[:90], kinds[:90]).probabilities(images[90:], times=2)
    assert (again == one.probabilities(images[90:], times=2)).all()
    assert again.sum(1) == pytest.approx(1, abs=1e-5)
