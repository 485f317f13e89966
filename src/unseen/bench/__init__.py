"""Benchmarks on public tables: the same splits, measures and clocks for every detector.

`few_label` is the weakly supervised protocol of ADBench. Results live in `results/`, one row a fit, with the
versions and the commit they came from; tables and figures are made from those rows alone.
"""
