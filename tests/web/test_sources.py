"""The sources of the page: the types it was built with, what its unit tests say, how much a browser fetches."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from web.api_types import TYPES, types
from web.build import BUDGET, WEB, Node, build, find_node, gzipped_size, install_packages


@pytest.fixture(scope="module")
def node() -> Node:
    node = find_node()
    install_packages(node)
    return node


@pytest.mark.xdist_group("page sources")
def test_the_types_are_those_of_the_openapi_document():
    assert TYPES.read_text("utf-8") == types(), "run `python -m web.api_types` with src and . on PYTHONPATH"


@pytest.mark.xdist_group("page sources")
def test_what_the_page_computes_by_itself_is_right(node: Node):
    tests = [*node.npm, "run", "test", "--silent"]
    ended = subprocess.run(tests, cwd=WEB, env=node.environment(), capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.xdist_group("page sources")
def test_a_browser_fetches_less_than_the_budget():
    build()
    assert 0 < gzipped_size() < BUDGET


def test_no_source_of_the_page_is_longer_than_one_reads_at_once():
    sources = [path for path in (WEB / "src").rglob("*") if path.suffix in {".ts", ".tsx", ".css"} and path != TYPES]
    assert sources
    assert [path.name for path in sources if len(path.read_text("utf-8").splitlines()) >= 300] == []


def test_no_lock_file_names_a_registry():
    locked = json.loads((WEB / "package-lock.json").read_text("utf-8"))
    assert not [name for name, package in locked["packages"].items() if "resolved" in package]
    assert re.search(r"^omit-lockfile-registry-resolved=true$", (WEB / ".npmrc").read_text("utf-8"), re.MULTILINE)
