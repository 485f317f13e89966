"""Generators of symmetries that nobody proposed."""
