"""Turns buyers into regulars: personalised e-mail marketing and campaign automation as code."""

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """`regulars.record` and its answer; read only when asked for, because commands must be quick and rooms know no doors."""
    if name in {"record", "Recorded"}:
        from importlib import import_module

        return getattr(import_module("regulars.doors.python"), name)
    raise AttributeError(f"module 'regulars' has no attribute {name!r}")
