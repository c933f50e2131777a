"""`python -m convene`."""

from convene.cli import main

main()
