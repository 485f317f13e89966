"""How good is a score, and how sure is that: numbers only, nothing here knows a detector.

A score is one number a row, higher is stranger. `evaluate` judges one score kind by kind; `compare` sets
several detectors side by side over seeds; `false_alarms` holds p-values to what they state. Every measure
takes event weights. For a search: `asimov`, `significance_at`, `sic_curve`, `sculpting`,
`distance_correlation`, `bump_hunt`.
"""

from unseen.evaluation.bump import BumpHunt, bump_hunt
from unseen.evaluation.calibration import (
    CalibrationCurve,
    FalseAlarms,
    calibration_curve,
    expected_alarms,
    false_alarms,
)
from unseen.evaluation.compare import (
    Bias,
    Gain,
    GainMatrix,
    Mean,
    Record,
    biases,
    budget,
    gain_matrix,
    gains,
    means,
    records_of,
)
from unseen.evaluation.intervals import (
    Estimate,
    auc_interval,
    bootstrap,
    clopper_pearson,
    decimals,
    over_seeds,
    paired_over_seeds,
    share_interval,
)
from unseen.evaluation.kinds import MEASURES, Evaluation, KindResult, Measures, evaluate
from unseen.evaluation.ranking import RocCurve, average_precision, max_sic, roc_auc, roc_curve, tpr_at_fpr
from unseen.evaluation.results import read_csv, write_csv
from unseen.evaluation.sculpting import (
    Deciles,
    Sculpting,
    distance_correlation,
    jensen_shannon,
    most_anomalous,
    sculpting,
    selected_by_decile,
)
from unseen.evaluation.significance import (
    SicCurve,
    Significance,
    asimov,
    asimov_deviation,
    combined,
    sic_curve,
    significance_at,
    significance_improvement,
)
from unseen.evaluation.weights import checked_weights, effective_number, event_weights, weighted_quantile

__all__ = [
    "MEASURES",
    "Bias",
    "BumpHunt",
    "CalibrationCurve",
    "Deciles",
    "Estimate",
    "Evaluation",
    "FalseAlarms",
    "Gain",
    "GainMatrix",
    "KindResult",
    "Mean",
    "Measures",
    "Record",
    "RocCurve",
    "Sculpting",
    "SicCurve",
    "Significance",
    "asimov",
    "asimov_deviation",
    "auc_interval",
    "average_precision",
    "biases",
    "bootstrap",
    "budget",
    "bump_hunt",
    "calibration_curve",
    "checked_weights",
    "clopper_pearson",
    "combined",
    "decimals",
    "distance_correlation",
    "effective_number",
    "evaluate",
    "event_weights",
    "expected_alarms",
    "false_alarms",
    "gain_matrix",
    "gains",
    "jensen_shannon",
    "max_sic",
    "means",
    "most_anomalous",
    "over_seeds",
    "paired_over_seeds",
    "read_csv",
    "records_of",
    "roc_auc",
    "roc_curve",
    "sculpting",
    "selected_by_decile",
    "share_interval",
    "sic_curve",
    "significance_at",
    "significance_improvement",
    "tpr_at_fpr",
    "weighted_quantile",
    "write_csv",
]
