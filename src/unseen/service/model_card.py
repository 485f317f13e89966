"""What a client may know of the model that is served."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict

import unseen
from unseen.data.kinds import Input
from unseen.detectors.two_stage import TwoStage
from unseen.service.columns import about
from unseen.service.messages import Column, ModelAnswer
from unseen.studies.memory import recall


def card(detector: TwoStage, columns: Sequence[Input]) -> ModelAnswer:
    """Describe a fitted detector: kind, columns, members, threshold, and what it remembers of training."""
    threshold = -detector.offset_
    study = {name: value for name, value in asdict(recall(detector)).items() if name != "sketch" and value}
    return ModelAnswer(
        kind=type(detector).__name__,
        columns=[Column(**about(column)) for column in columns],
        features=math.prod(detector.input_shape),
        members=[member.name for member in (*detector.stage1_, *detector.stage2_)],
        rate=detector.rate_,
        threshold=threshold if math.isfinite(threshold) else None,
        calibration_rows=len(detector.calibration_),
        known_kinds=detector.known_kinds_,
        study=study,
        notices=[notice for trace in detector.traces_ for notice in trace.notices],
        version=unseen.__version__,
    )
