"""Symmetry read off networks that learned a decoy task."""
