"""How good is a score, and how sure is that: numbers only, nothing here knows a detector.

A score is one number a row, higher is stranger. `evaluate` judges one score kind by kind; `compare` sets
several detectors side by side over seeds; `false_alarms` holds p-values to what they state.
"""

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
)
from unseen.evaluation.kinds import MEASURES, Evaluation, KindResult, Measures, evaluate
from unseen.evaluation.ranking import RocCurve, average_precision, max_sic, roc_auc, roc_curve, tpr_at_fpr
from unseen.evaluation.results import read_csv, write_csv

__all__ = [
    "MEASURES",
    "Bias",
    "CalibrationCurve",
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
    "auc_interval",
    "average_precision",
    "biases",
    "bootstrap",
    "budget",
    "calibration_curve",
    "clopper_pearson",
    "decimals",
    "evaluate",
    "expected_alarms",
    "false_alarms",
    "gain_matrix",
    "gains",
    "max_sic",
    "means",
    "over_seeds",
    "paired_over_seeds",
    "read_csv",
    "records_of",
    "roc_auc",
    "roc_curve",
    "tpr_at_fpr",
    "write_csv",
]
