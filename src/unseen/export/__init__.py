"""Detectors outside of Python: ONNX graphs, C for the smallest networks, and the proof that they agree.

`unseen.export.onnx` writes, `unseen.export.runtime` reads with NumPy and ONNX Runtime alone.
"""
