"""Melodies: reading them, cutting them into windows of tokens, describing and writing them. NumPy only."""
