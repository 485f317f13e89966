"""Benchmarks on public tables: the same splits, measures and clocks for every detector.

`few_label` is the weakly supervised protocol of ADBench, `one_class` learns from normal rows alone, and
`open_set` is told of one anomaly kind and judged on the others. Results live in `results/`, one row a fit or
a judged kind, with the versions and the commit they came from; tables and figures are made from those alone.
"""
