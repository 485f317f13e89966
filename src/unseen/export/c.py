"""Tiny dense detectors as C: the kind of network that decides at the first stage of a trigger."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from unseen.detectors.two_stage import TwoStage
from unseen.export.c_source import bench, header
from unseen.export.emulator import emulate, to_integers
from unseen.export.golden import golden_path
from unseen.export.parity import Parity
from unseen.export.probes import probes
from unseen.export.samples import Samples
from unseen.export.tiny import tiny
from unseen.export.writing import aside, fit_place, publish

# Golden vectors kept.
COUNT = 256


@dataclass(frozen=True)
class ExportedC:
    """What was written, and what fixed point costs.

    Attributes:
        path, bench, golden: The header, a program that times it, and golden vectors.
        widths: From the inputs to the outputs.
        weight_bits, input_bits, score_bits: As the header states them.
        threshold: Score, an integer, above which an alarm is raised.
        rate: False-alarm rate it stands for.
        calibration_rows: Background rows it rests on.
        parity: How the integers agree with the same score in floating point.

    """

    path: str
    bench: str
    golden: str
    widths: tuple[int, ...]
    weight_bits: int
    input_bits: int
    score_bits: int
    threshold: int
    rate: float
    calibration_rows: int
    parity: Parity

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {**vars(self), "widths": list(self.widths), "parity": self.parity.to_dict()}


def export_c(
    detector: TwoStage,
    path: str | os.PathLike[str],
    *,
    samples: Samples | None,
    weight_bits: int = 16,
    input_bits: int | None = None,
) -> ExportedC:
    """Write a tiny dense detector as one C99 header, with a timing program and golden vectors beside it.

    The score is of the network of stage 1 alone, and knows nothing of what was told: for a `VAE` the sum of
    its squared latent means (over their normal spread where the detector reads `Latent()`), for an
    `AutoEncoder` the summed squared error of the scaled features. The threshold is set on background rows as
    the integers score them.

    Args:
        detector: Fitted, with one dense network and standard scaling.
        path: Header to write, `*.h`.
        samples: Background rows that took no part in training, and labelled anomalies where there are some.
        weight_bits: 16 or 8.
        input_bits: Fractional bits of the inputs; None is 0 where all samples are integers, else 12.

    Raises:
        ConfigError: Another kind of detector, a network that is too large, or numbers that do not fit.
        DataError: Too few background rows.
        ModelFileError: The place is not fit, or fixed point ranks samples otherwise (rank correlation below
            0.99); nothing is written.

    Reference: AXOL1TL, arXiv 2411.19506 (57 inputs, layers of 28 and 15, 8 latent means).

    """
    target = fit_place(path, ".h")
    made = tiny(
        detector,
        samples,
        weight_bits=weight_bits,
        input_bits=input_bits,
        purpose="the threshold of a C header",
    )
    network, bits = made.network, made.network.standardise.input_bits
    timing, golden = target.with_name(f"{target.stem}_bench.c"), golden_path(target)
    rows = to_integers(probes(detector.scaler_, COUNT, network.inputs, seed=1), bits)
    scores = emulate(network, rows)
    with aside(target) as folder:
        places = [folder / name for name in ("bench", "golden.npz", "header")]
        places[0].write_text(bench(target.name), encoding="utf-8")
        np.savez_compressed(
            places[1],
            rows=rows.astype(np.int32),
            score=scores,
            alarm=scores > made.threshold,
            threshold=made.threshold,
        )
        places[2].write_text(header(network, made.threshold, rate=made.rate), encoding="utf-8")
        publish(dict(zip(places, (timing, golden, target), strict=True)))
    return ExportedC(
        path=str(target),
        bench=str(timing),
        golden=str(golden),
        widths=network.widths,
        weight_bits=weight_bits,
        input_bits=bits,
        score_bits=network.score_bits,
        threshold=made.threshold,
        rate=made.rate,
        calibration_rows=made.calibration_rows,
        parity=made.parity,
    )
