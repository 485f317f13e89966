"""Melodies: which units of a code of 512 are music, which are noise, and what the first ones encode."""
