"""Turns buyers into regulars: personalised e-mail marketing and campaign automation as code."""

__version__ = "0.1.0"
