"""Bricks: distributions a model returns, dense and convolutional stacks."""
