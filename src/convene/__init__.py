"""Convene: a collaborative calendar that never loses a change."""

__version__ = "0.1.0"
