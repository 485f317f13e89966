"""Films screened: a gate that refuses what is no film, a classifier, and answers that may be "refer"."""
