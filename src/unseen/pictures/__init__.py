"""Picture files of any origin, read to grey or colour numbers that no program rounds in its own way."""
