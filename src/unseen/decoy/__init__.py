"""Symmetry read off the hidden layer of small networks that learned a decoy task (arXiv 2103.06115).

Hundreds of networks, each of one picture, learn to tell five levels of brightness from the place alone.
Nobody tells them of symmetry; their last hidden layer knows of it all the same. `templates` makes pictures of
known symmetry, `networks` trains, `readout` looks at the hidden layer and `guard` refuses lazy ones,
`classifiers` and `level` say which symmetry and how much of it, `pictures` and `verdicts` take paintings and
a user's own images through all of that.
"""
