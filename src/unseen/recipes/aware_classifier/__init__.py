"""The variety claim of Anomaly Awareness, by its original form: a classifier of normal classes."""
