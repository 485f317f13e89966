"""Watching a feed: readings in, forecasts, tiers and alarms out, kept so that no stop loses or doubles one."""
