"""What every test can use, and what is looked at in every test."""

import gc
import logging
from collections.abc import Generator

import pytest

from convene.api.lines import configure
from convene.collecting import COLLECTED_AFTER, settled
from tests.postgres import offer_postgres
from tests.process.forked import offer_forks
from tests.written_down import fail_for_secrets


def pytest_configure(config: pytest.Config) -> None:
    gc.set_threshold(COLLECTED_AFTER)  # of thousands of tests that are being made, none is garbage
    offer_postgres(config)
    offer_forks(config)
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # a line for each request, in which some put secrets
    configure(as_json=True, debug=False)  # unasked, structlog draws the locals of every frame: 30 s for one error


def pytest_collection_finish() -> None:
    settled(None)  # else each search for garbage goes through all tests there are, for half a second


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return fail_for_secrets((yield))
