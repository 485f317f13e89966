"""Decisions over time: tiers, alarms that hold, budgets and what became of them. Plain numbers, no torch."""
