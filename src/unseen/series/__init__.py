"""Series of many sensors on one clock: panels, calendars, profiles, forecasts. NumPy only."""
