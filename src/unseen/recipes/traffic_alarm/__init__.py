"""Alarms for the streets of Madrid."""
