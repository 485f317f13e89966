"""Changes of films: within their bounds, one draw a film, and the films themselves where all are off."""

import torch

from unseen.screening.augment import FilmChanges, blur

STILL = {"rotation": 0.0, "zoom": 0.0, "shift": 0.0, "tilt": 0.0, "blur": 0.0, "noise": 0.0}
PLAIN = {"gamma": (1.0, 1.0), "contrast": (1.0, 1.0), "brightness": 0.0, "gradient": 0.0, "glare": 0.0}


def films(count=32, size=28):
    return 0.2 + 0.6 * torch.rand(count, 1, size, size, generator=torch.Generator().manual_seed(0))


def changed(rows, seed=1, **settings):
    return FilmChanges(**{**STILL, **PLAIN, **settings}).change(rows, torch.Generator().manual_seed(seed))


def test_without_any_change_films_stay_as_they_are():
    assert torch.allclose(changed(films()), films(), atol=1e-5)


def test_mirrors_are_exact_and_half_of_the_films_are_mirrored():
    rows = films(400)
    out = changed(rows, mirror=True)
    same = torch.isclose(out, rows, atol=1e-4).all(3).all(2).flatten()
    turned = torch.isclose(out, rows.flip(3), atol=1e-4).all(3).all(2).flatten()
    assert bool((same ^ turned).all())
    assert 150 < int(turned.sum()) < 250


def test_the_least_and_most_grey_follow_from_brightness_alone():
    moved = changed(films(200), brightness=0.15) - films(200)
    steps = moved.mean((1, 2, 3))
    assert torch.allclose(moved, steps.view(-1, 1, 1, 1).expand_as(moved), atol=1e-5)
    assert 0.13 < float(steps.max()) <= 0.15
    assert -0.15 <= float(steps.min()) < -0.13


def test_contrast_turns_about_the_mean_of_each_film():
    rows = films(200)
    out = changed(rows, contrast=(0.6, 1.2))
    assert torch.allclose(out.mean((1, 2, 3)), rows.mean((1, 2, 3)), atol=1e-3)
    ratio = out.std((1, 2, 3)) / rows.std((1, 2, 3))
    assert 0.59 < float(ratio.min()) < 0.65
    assert 1.1 < float(ratio.max()) < 1.21


def test_gamma_keeps_the_order_of_greys():
    rows = films(50)
    out = changed(rows, gamma=(0.6, 1.6))
    order = rows.flatten(1).argsort(1)
    assert bool((out.flatten(1).gather(1, order).diff(dim=1) >= -1e-6).all())
    assert not torch.allclose(out, rows, atol=0.05)


def test_a_film_turned_and_shifted_keeps_what_it_shows():
    # a disc in the middle stays one, whatever the turn
    lines = torch.linspace(-1, 1, 28)
    disc = torch.exp(-8 * (lines**2 + lines[:, None] ** 2)).expand(16, 1, 28, 28)
    turned = changed(disc, rotation=10.0)
    assert float((turned - disc).abs().max()) < 0.05
    shifted = changed(disc, shift=3 / 28)
    centre = (shifted.mean(2)[:, 0] * lines).sum(1) / shifted.mean(2)[:, 0].sum(1)
    assert 0.05 < float(centre.abs().max()) < 0.25


def test_a_tilted_film_is_larger_on_one_side_and_its_middle_stays():
    lines = torch.linspace(-1, 1, 41)
    bars = ((lines.abs() - 0.5).abs() < 0.05).float().expand(60, 1, 41, 41)
    out = changed(bars, tilt=0.2)
    assert torch.allclose(out[:, :, 20, 20], bars[:, :, 20, 20], atol=1e-5)
    row = out[:, 0, 20]
    left, right = (
        (row[:, part] * lines[part]).sum(1) / row[:, part].sum(1) for part in (slice(20), slice(21, 41))
    )
    uneven = left.abs() - right
    # a bar at 0.5 is seen where x / (1 + t x) = 0.5
    assert 0.06 < float(uneven.abs().max()) < 0.5 / 0.9 - 0.5 / 1.1 + 0.01
    assert 20 < int((uneven.abs() < 0.01).sum()) < 45


def test_a_reflection_adds_light_in_one_place_of_half_of_the_films():
    rows = torch.full((400, 1, 28, 28), 0.3)
    added = changed(rows, glare=0.5) - rows
    assert float(added.min()) >= -1e-6
    most = added.amax((1, 2, 3))
    assert 150 < int((most > 1e-3).sum()) < 250
    assert 0.4 < float(most.max()) <= 0.5
    lit = added[most > 0.2]
    assert float((lit > 0.1).float().mean((1, 2, 3)).max()) < 0.6


def test_all_changes_stay_in_range_differ_by_film_and_follow_the_generator():
    rows = torch.full((20, 1, 28, 28), 0.5)
    rows[:, :, 8:20, 8:20] = 0.8
    one, same, other = (FilmChanges().change(rows, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert float(one.min()) >= 0.0
    assert float(one.max()) <= 1.0
    assert not torch.allclose(one[0], one[1], atol=0.02)


def test_a_blur_keeps_the_mean_of_the_inside_and_takes_contrast():
    rows = films(8)
    out = blur(rows, 0.7)
    assert out.shape == rows.shape
    assert float(out.std()) < 0.6 * float(rows.std())
    assert abs(float(out.mean()) - float(rows.mean())) < 0.01
