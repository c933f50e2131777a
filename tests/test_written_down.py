"""The guard that looks through all logs of the suite (conftest.py, process/servers.py) sees what it is there for."""

from __future__ import annotations

import pytest

from tests.people import PASSWORD
from tests.process.servers import environment
from tests.written_down import SECRETS, fail_for_secrets, secrets_in


def test_each_kind_of_secret_is_seen():
    written = {
        "a token": "path=/ws eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.x",
        "a hashed password": "$argon2id$v=19$m=8",
        "a password": f"password={PASSWORD}",
        "the secret of a webhook": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "a signed link": "/unsubscribe?token=7.changed.0123",
        "a header that signs in": "Authorization: Bearer abcdefgh",
        "the key": environment("sqlite:///never-opened.db")["SECRET_KEY"],
    }
    assert {kind: len(secrets_in(f"one line\n{line}\n")) for kind, line in written.items()} == dict.fromkeys(SECRETS, 1)
    assert secrets_in("method=POST path=/api/v1/auth/login request_id=eyJ status=401 Bearer realm=convene") == []


def report_of(when: str, written: str) -> pytest.TestReport:
    sections = [("Captured stderr call", written)]
    return pytest.TestReport("a test", ("file", 1, "a test"), {}, "passed", None, when, sections)  # type: ignore[arg-type]


def test_a_test_in_which_a_secret_is_written_down_fails_when_it_ends():
    assert fail_for_secrets(report_of("teardown", "Bearer abcdefgh")).failed
    assert fail_for_secrets(report_of("teardown", "path=/api/v1/events status=200")).passed
    assert fail_for_secrets(report_of("call", "Bearer abcdefgh")).passed
