"""Fit and score on many machines, or many processes of one, with Ray."""
