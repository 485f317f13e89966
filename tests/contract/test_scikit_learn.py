"""What scikit-learn asks of an estimator, and of one that is used inside its tools."""

import numpy as np
import pytest
from examples import LEARN, SMALL, table
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import RobustScaler
from sklearn.utils.estimator_checks import check_estimator

import unseen
from unseen.models.forest import Forest
from unseen.training.loop import Plan

SHORT = Plan(steps=60)
DETECTORS = [
    unseen.AwareDetector(learn=SHORT, tune=SHORT),
    unseen.AwareClassifier(learn=SHORT, tune=SHORT),
    unseen.CommitteeDetector(forests=(Forest(trees=20),)),
]


@pytest.mark.filterwarnings("ignore")  # the checks fit on a dozen rows and are warned about it
@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: type(detector).__name__)
def test_check_estimator(detector):
    """All but one check; held-out rows are drawn at random, and a copy of a row is a row."""
    outcomes = check_estimator(
        detector,
        expected_failed_checks={
            "check_sample_weight_equivalence_on_dense_data": "rows are held out at random; a copy is a row"
        },
    )
    assert len([one for one in outcomes if one["status"] == "passed"]) > 40


@pytest.mark.filterwarnings("ignore::unseen.training.stages.GuardWarning")
def test_pipelines_and_searches_hold_it():
    rows = table()
    detector = unseen.AwareDetector(SMALL, learn=LEARN, tune=LEARN)
    pipeline = make_pipeline(RobustScaler(), detector).fit(rows.normal)
    assert set(pipeline.predict(np.concatenate([rows.fresh[:50], rows.far]))) == {1, -1}

    def separates(fitted, X, y):
        score = fitted.anomaly_score(X)
        return score[y == 1].mean() - score[y == 0].mean()

    folds = StratifiedKFold(2)
    search = GridSearchCV(detector, {"trust": [0.1, 0.5]}, scoring=separates, cv=folds)
    assert search.fit(rows.X, rows.y).best_score_ > 0
    assert cross_val_score(detector, rows.X, rows.y, scoring=separates, cv=folds).min() > 0
