"""Alarms over time: tiers, hysteresis, false-alarm budgets, episodes, change points. NumPy only."""
