"""What a stream detector scores on reference streams without any event: where its thresholds come from."""

from __future__ import annotations

import argparse
import csv
import os
from pathlib import Path

from unseen.streaming import StreamDetector, reference, score_series

READINGS = 40_000
SEED = 1
TABLE = Path(reference.__file__).with_name("reference.csv")


def scores(kind: str, readings: int, seed: int) -> reference.Floats:
    """Scores of one reference stream after the warm-up."""
    detector = StreamDetector()
    return score_series(*reference.stream(kind, readings, seed), detector).score[detector.warmup :]


def main() -> None:
    """Score every kind of stream and write the table, whole or not at all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=TABLE)
    parser.add_argument("--readings", type=int, default=READINGS, help="readings of each kind")
    chosen = parser.parse_args()
    streams = [scores(kind, chosen.readings, SEED) for kind in reference.KINDS]
    aside = chosen.out.with_name(chosen.out.name + ".tmp")
    with aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("score", "alarms", "share"))
        for line in reference.measure(streams):
            if line.alarms:
                writer.writerow((f"{line.score:g}", f"{line.alarms:.4f}", f"{line.share:.8f}"))
    os.replace(aside, chosen.out)


if __name__ == "__main__":
    main()
