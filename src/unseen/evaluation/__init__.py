"""How good is a score, and how sure is that: numbers only, nothing here knows a detector.

A score is one number a row, higher is stranger. `evaluate` judges one score kind by kind; `compare` sets
several detectors side by side over seeds; `false_alarms` holds p-values to what they state. Every measure
takes event weights. For a search: `asimov`, `significance_at`, `sic_curve`, `sculpting`,
`distance_correlation`, `bump_hunt`; by mass point `search_table`, at a fixed variable `auc_at_fixed` and
`Flattened`; for a trigger `trigger_view`.
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
from unseen.evaluation.dependence import Dependence, dependence
from unseen.evaluation.fixed import AtFixed, auc_at_fixed
from unseen.evaluation.flattened import Flattened
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
from unseen.evaluation.inverse import Direction, InverseTask, inverse_task
from unseen.evaluation.kinds import MEASURES, Evaluation, KindResult, Measures, evaluate
from unseen.evaluation.ranking import RocCurve, average_precision, max_sic, roc_auc, roc_curve, tpr_at_fpr
from unseen.evaluation.resampling import Sampled, auc_sampled, mean_of
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
from unseen.evaluation.search_table import (
    KindPoints,
    SearchTable,
    Spread,
    search_table,
    spread_over_seeds,
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
from unseen.evaluation.tails import ParetoTail
from unseen.evaluation.trigger import (
    RateCurve,
    RateCut,
    TriggerView,
    cut_at_rate,
    hertz,
    in_hertz,
    rate_curve,
    trigger_view,
)
from unseen.evaluation.weights import checked_weights, effective_number, event_weights, weighted_quantile
from unseen.evaluation.working import Caught, Lost, WorkingPoints, fpr_at_tpr, working_points

__all__ = [
    "MEASURES",
    "AtFixed",
    "Bias",
    "BumpHunt",
    "CalibrationCurve",
    "Caught",
    "Deciles",
    "Dependence",
    "Direction",
    "Estimate",
    "Evaluation",
    "FalseAlarms",
    "Flattened",
    "Gain",
    "GainMatrix",
    "InverseTask",
    "KindPoints",
    "KindResult",
    "Lost",
    "Mean",
    "Measures",
    "ParetoTail",
    "RateCurve",
    "RateCut",
    "Record",
    "RocCurve",
    "Sampled",
    "Sculpting",
    "SearchTable",
    "SicCurve",
    "Significance",
    "Spread",
    "TriggerView",
    "WorkingPoints",
    "asimov",
    "asimov_deviation",
    "auc_at_fixed",
    "auc_interval",
    "auc_sampled",
    "average_precision",
    "biases",
    "bootstrap",
    "budget",
    "bump_hunt",
    "calibration_curve",
    "checked_weights",
    "clopper_pearson",
    "combined",
    "cut_at_rate",
    "decimals",
    "dependence",
    "distance_correlation",
    "effective_number",
    "evaluate",
    "event_weights",
    "expected_alarms",
    "false_alarms",
    "fpr_at_tpr",
    "gain_matrix",
    "gains",
    "hertz",
    "in_hertz",
    "inverse_task",
    "jensen_shannon",
    "max_sic",
    "mean_of",
    "means",
    "most_anomalous",
    "over_seeds",
    "paired_over_seeds",
    "rate_curve",
    "read_csv",
    "records_of",
    "roc_auc",
    "roc_curve",
    "sculpting",
    "search_table",
    "selected_by_decile",
    "share_interval",
    "sic_curve",
    "significance_at",
    "significance_improvement",
    "spread_over_seeds",
    "tpr_at_fpr",
    "trigger_view",
    "weighted_quantile",
    "working_points",
    "write_csv",
]
