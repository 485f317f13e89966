"""Forecasts of the streets of Madrid."""
