"""Collider physics: four-vectors, jets, event images, and events simulated with Pythia."""
