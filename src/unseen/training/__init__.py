"""The one training loop, its two stages and its guards."""
