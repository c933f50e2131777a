"""What no log may hold: looked for in all that the processes of the tests write, and in what each test lets be written.

Tests know passwords and tokens by how they begin. What is hashed, signed or shown once has a form of its own.
"""

from __future__ import annotations

import re

import pytest

SECRETS = {
    "a token": re.compile(r"eyJ[\w-]{10,}"),
    "a hashed password": re.compile(r"\$argon2"),
    "a password": re.compile(r"correct horse"),
    "the secret of a webhook": re.compile(r"whsec_[\w+/=-]{8,}"),
    "a signed link": re.compile(r"unsubscribe\?token=\d"),
    "a header that signs in": re.compile(r"Bearer [\w-]{8,}"),
    "the key": re.compile(r"only-for-tests-0123456789abcdef"),
}


def secrets_in(log: str) -> list[str]:
    """Name the secrets in what was written down, each with the line in which it stands."""
    return [
        f"{kind} in: {line[:500]}"
        for line in log.splitlines()
        for kind, pattern in SECRETS.items()
        if pattern.search(line)
    ]


def fail_for_secrets(report: pytest.TestReport) -> pytest.TestReport:
    """Let a test fail at its end if anything that it let be written down, by the application too, holds a secret."""
    if report.when == "teardown" and report.passed:
        found = secrets_in("\n".join(content for _, content in report.sections))
        if found:
            report.outcome, report.longrepr = "failed", "\n".join(("a secret was written down:", *found[:5]))
    return report
