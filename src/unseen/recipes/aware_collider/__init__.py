"""Collider events: LEP final states, and jets of simulated resonances."""
