"""Measuring Convene honestly: `python3 run.py bench --help`. What is measured, and how, stands in `__main__`."""
