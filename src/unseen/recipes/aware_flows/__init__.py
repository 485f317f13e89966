"""Network attacks: told of one family, judged on the others."""
