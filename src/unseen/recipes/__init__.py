"""Recipes: published studies, rerun on real data with intervals, baselines and the zero-label control.

A recipe is a folder: `recipe.py` reads like a method section, `config.toml` holds its settings,
`expected.toml` the numbers a run is held to, `README.md` what is known and what was found.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from unseen.errors import ConfigError, unknown
from unseen.recipes.results import Results

_MODULES = {
    "aware-classifier": "aware_classifier",
    "aware-collider": "aware_collider",
    "aware-flows": "aware_flows",
    "aware-mnist": "aware_mnist",
    "aware-smeft": "aware_smeft",
    "dark-showers": "dark_showers",
    "latent-symmetry": "latent_symmetry",
    "music-neurons": "music_neurons",
    "symmetry-decoy": "symmetry_decoy",
    "symmetry-discovery": "symmetry_discovery",
    "traffic-alarm": "traffic_alarm",
    "traffic-pollution": "traffic_pollution",
    "traffic-forecast": "traffic_forecast",
    "xray-assist": "xray_assist",
}


def available() -> dict[str, str]:
    """Return the recipes there are, each with one line on what it shows.

    >>> list(available())[:3]
    ['aware-classifier', 'aware-collider', 'aware-flows']
    """
    return {
        "aware-classifier": "classifier of digits: told of few or many kinds, judged on kinds never told of",
        "aware-collider": "collider events: one process normal, one told, the others unseen (OPAL, dijets)",
        "aware-flows": "network attacks: told of one family, judged on the others (NSL-KDD, CICIDS2017)",
        "aware-mnist": "digits: told of one kind, judged on a digit held out and on far pictures",
        "aware-smeft": "Higgs events with weights: told of one operator, judged on the others",
        "dark-showers": "event images: QCD learned, SUEP and semi-visible jets found, at equal hits too",
        "latent-symmetry": "mechanics and collisions: units a VAE uses, beside rank, relations and dimension",
        "music-neurons": "melodies: which of 512 units are music, which noise, what the first encode",
        "symmetry-decoy": "networks told of brightness alone hold the symmetry of templates and paintings",
        "symmetry-discovery": "generators of symmetries nobody proposed, on sets whose symmetry is known",
        "traffic-alarm": "streets half an hour ahead: three tiers, alarms by a budget of false ones, lead",
        "traffic-pollution": "traffic and NO2 in Bologna: correlation at each lag, with month, day, hour out",
        "traffic-forecast": "streets half an hour ahead: one model beside every usual one, split by time",
        "xray-assist": "chest films on a phone: what may be said of each source, what the gate refuses",
    }


def module_of(name: str) -> str:
    """Return the package a recipe lies in.

    Raises:
        ConfigError: The recipe is not known.

    """
    if name not in _MODULES:
        raise ConfigError(unknown("recipe", name, _MODULES))
    return _MODULES[name]


def run(
    name: str,
    *,
    quick: bool = False,
    seeds: int | None = None,
    data: Path | None = None,
    out: Path | None = None,
) -> Results:
    """Run a recipe.

    Args:
        name: One of `available()`.
        quick: Small enough for a test (about a minute); its numbers are held in `expected.toml` too.
        seeds: Number of seeds; None takes the recipe's own (at least 5, or 2 where quick).
        data: Folder of the data sets; None takes the environment variable UNSEEN_DATA, else
            `../shared/data`.
        out: Folder for the table of every measured value (`records.csv.gz`) and `results.json`; None writes
            nothing.

    Raises:
        ConfigError: The recipe is not known.
        DataError: A data file is missing; the message names it.

    """
    module = import_module(f"unseen.recipes.{module_of(name)}.recipe")
    results: Results = module.run(quick=quick, seeds=seeds, data=data)
    if out is not None:
        results.write(out)
    return results
