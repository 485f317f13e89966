"""Watch a feed: readings in, forecasts, tiers and alarms out; no stop loses or doubles one."""
