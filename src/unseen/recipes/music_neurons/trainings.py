"""The networks of the study, each trained once and kept in the cache folder: a stopped run goes on."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

import numpy as np

from unseen.music.caching import cache_folder, cached_corpus
from unseen.music.tunes import Tunes
from unseen.music.windows import Parts, chosen, cut, divided
from unseen.studies.melody_training import Setting, Trained, fingerprint, train

# The division into tunes to learn from and to judge on is the same for all seeds and lengths.
DIVISION = 0


def tunes(config: dict[str, Any]) -> Tunes:
    """Return the folk tunes of the study."""
    return cached_corpus(config["most"] or None)


def parts(found: Tunes, config: dict[str, Any]) -> Parts:
    """Cut all tunes into windows of 2 bars."""
    whole = divided(found, 2, seed=DIVISION, least=config["least"])
    return Parts(whole.learn, whole.watch, chosen(whole.test, config["test"], DIVISION), whole.leaked)


def equal_parts(found: Tunes, bars: int, config: dict[str, Any]) -> Parts:
    """Cut windows of `bars` bars from the tunes that are long enough for the longest of them all.

    Of each length as many windows are drawn, so that a difference is one of length.
    """
    plan = config["lengths"]
    owners = np.unique(cut(found, max(plan["bars"])).tunes)
    whole = divided(some(found, owners), bars, seed=DIVISION, least=config["least"] // 2)
    learn = chosen(whole.learn, plan["windows"], DIVISION)
    return Parts(learn, whole.watch, chosen(whole.test, plan["test"], DIVISION), whole.leaked)


def some(found: Tunes, places: np.ndarray[Any, np.dtype[np.int64]]) -> Tunes:
    """Keep some tunes."""
    each = list(found)
    kept = [each[place] for place in places]
    return Tunes(
        np.concatenate(kept),
        np.cumsum([len(steps) for steps in kept]),
        found.names[places],
        found.collections[places],
        found.left,
    )


def trained(windows: Parts, setting: Setting) -> Trained:
    """Train, or take from the cache folder what was trained on the same windows with the same setting."""
    words = repr(sorted(asdict(setting).items())) + fingerprint(windows.learn.tokens)
    key = hashlib.sha256(words.encode()).hexdigest()[:12]
    path = cache_folder() / f"melody-{setting.bars}-bars-seed-{setting.seed}-{key}.unseen"
    return train(windows.learn.tokens, setting, path)


def setting(config: dict[str, Any], seed: int, **other: Any) -> Setting:
    """Return the setting of the main network."""
    return Setting(**{"seed": seed, **config["network"], **other})


def short(config: dict[str, Any], bars: int, seed: int, **other: Any) -> Setting:
    """Return the setting of one of the shorter trainings that compare lengths."""
    plan = {k: v for k, v in config["lengths"].items() if k not in ("bars", "seeds", "windows", "test")}
    return Setting(**{"bars": bars, "seed": seed, **plan, **other})
