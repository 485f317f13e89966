"""Relevance of latent units beside rank, relations and intrinsic dimension of the data."""
