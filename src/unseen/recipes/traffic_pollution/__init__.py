"""Traffic and nitrogen dioxide in Bologna, 2024."""
