"""Convene: a collaborative calendar that never loses a change."""
