"""Streams: one reading at a time in, a score, a p-value and now and then an alarm out; no training, no torch.

>>> StreamDetector(warmup=100).update(0.0, 20.5).state
'learning'
"""

from unseen.streaming.detector import Scored, StreamDetector, Verdict, score_series

__all__ = ["Scored", "StreamDetector", "Verdict", "score_series"]
