"""Attacks on what Convene promises, and programs that judge what came of them; `python3 run.py proof`."""
