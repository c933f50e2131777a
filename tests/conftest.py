"""What every test can use."""

import pytest

from tests.postgres import offer_postgres


def pytest_configure(config: pytest.Config) -> None:
    offer_postgres(config)
