"""Digits: told of one kind, judged on a digit held out and on far pictures."""
