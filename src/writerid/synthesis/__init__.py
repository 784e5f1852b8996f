"""Handwriting that a program draws: letters, hands, pens and pages, packed into a dataset archive."""
