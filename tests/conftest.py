"""What every test can use."""

import pytest

from convene.api.logs import configure
from tests.postgres import offer_postgres


def pytest_configure(config: pytest.Config) -> None:
    offer_postgres(config)
    configure(as_json=True, debug=False)  # unasked, structlog draws the locals of every frame: 30 s for one error
