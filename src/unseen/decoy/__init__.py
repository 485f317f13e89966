"""Symmetry read off the hidden layer of small networks that learned a decoy task (arXiv 2103.06115).

Hundreds of networks, each of one picture, learn to tell five levels of brightness from the place alone.
Nobody tells them of symmetry; their last hidden layer knows of it all the same. `templates` makes pictures of
known symmetry, `networks` trains, `readout` and `invariance` look at the hidden layer, `classifiers` and
`level` say which symmetry and how much of it, `direct` says it from the picture itself, `pictures` takes
paintings and a user's own images through all of that.
"""
