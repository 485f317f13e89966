"""Detectors: the scikit-learn face of the models."""
