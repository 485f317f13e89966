"""Forecasts of many sensors half an hour ahead, how sure they are, and how unusual what came is."""
