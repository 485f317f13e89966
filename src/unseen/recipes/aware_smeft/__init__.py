"""Higgs events under effective operators."""
