"""docs/security.md names tests for what it says: each of them is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = re.sub(r"\s+", " ", (ROOT / "docs" / "security.md").read_text("utf-8"))
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)))


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_test_that_is_named_is_there(path: str, name: str):
    file = ROOT / path
    assert file.exists()
    assert not name or re.search(rf"^(?:async )?def {name}\(", file.read_text("utf-8"), re.MULTILINE)


def test_each_of_the_ten_is_spoken_of_and_names_a_test():
    parts = re.split(r"\*\*API(\d+), ", TEXT.partition("## Secrets")[0])
    numbers, texts = parts[1::2], parts[2::2]
    assert [int(number) for number in numbers] == list(range(1, 11))
    assert all("`tests/" in text for text in texts)
