"""Any detector over HTTP: scores, reasons, health, metrics and drift behind a token and limits.

`problems`, `tokens`, `rates`, `limits`, `metrics`, `guard` and `listening` know nothing of detectors: any
ASGI application can be put behind them.
"""
