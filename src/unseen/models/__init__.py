"""Models: each method one file, each returning a `Pass` of distributions."""
