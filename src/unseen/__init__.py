"""Learn what is normal, be told of the few anomalies that are known, catch the ones nobody has seen.

>>> import unseen
>>> detector = unseen.AwareDetector(seed=1)
>>> detector.seed
1
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Public name -> the module it lives in. Loaded when first used, so that `import unseen` costs no torch.
_HOMES = {
    "AwareClassifier": "unseen.detectors.classify",
    "AwareDetector": "unseen.detectors.aware",
    "AutoEncoder": "unseen.models.autoencoder",
    "Classifier": "unseen.models.classifier",
    "CommitteeDetector": "unseen.detectors.ensemble",
    "Panel": "unseen.series.panel",
    "VAE": "unseen.models.vae",
    "DisCo": "unseen.training.decorrelation",
    "FalseAlarmRate": "unseen.thresholds",
    "FalseDiscoveryRate": "unseen.thresholds",
    "ForecastDetector": "unseen.forecasting.detector",
    "RateBudget": "unseen.thresholds",
    "UnseenError": "unseen.errors",
    "evaluate": "unseen.evaluation",
    "load": "unseen.registry",
    "save": "unseen.registry",
    "suggest_labels": "unseen.detectors.advice",
    "open_panel": "unseen.series.source",
    "open_source": "unseen.data",
}

if TYPE_CHECKING:
    from unseen.data import open_source
    from unseen.detectors.advice import suggest_labels
    from unseen.detectors.aware import AwareDetector
    from unseen.detectors.classify import AwareClassifier
    from unseen.detectors.ensemble import CommitteeDetector
    from unseen.errors import UnseenError
    from unseen.evaluation import evaluate
    from unseen.forecasting.detector import ForecastDetector
    from unseen.models.autoencoder import AutoEncoder
    from unseen.models.classifier import Classifier
    from unseen.models.vae import VAE
    from unseen.registry import load, save
    from unseen.series.panel import Panel
    from unseen.series.source import open_panel
    from unseen.thresholds import FalseAlarmRate, FalseDiscoveryRate, RateBudget
    from unseen.training.decorrelation import DisCo

__all__ = [
    "VAE",
    "AutoEncoder",
    "AwareClassifier",
    "AwareDetector",
    "Classifier",
    "CommitteeDetector",
    "DisCo",
    "FalseAlarmRate",
    "FalseDiscoveryRate",
    "ForecastDetector",
    "Panel",
    "RateBudget",
    "UnseenError",
    "__version__",
    "evaluate",
    "load",
    "open_panel",
    "open_source",
    "save",
    "suggest_labels",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'unseen' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
