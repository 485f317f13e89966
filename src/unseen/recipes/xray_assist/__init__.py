"""A chest film screened on a phone, and what may be said of it (after arXiv 1906.11282)."""
