"""What Convene is made of: every package that users get, its licence, and whether a fault of it is known.

The bills of materials (CycloneDX) are made of the environment that `python3 run.py` makes for users, and of what the
page is built of; both are left under artifacts/proof. Known faults are asked of the package index by pip-audit. An
index that cannot tell is no failure, but nothing was asked then, and the table says so.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from packaging.requirements import Requirement
from run import environment
from web.build import WEB, find_node, install_packages

from proof.parts import Options, Result

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ROOT / "requirements" / "run.txt"
COLUMNS = ("packages", "in the bill", "without a fitting licence", "asked about", "faults known")
#: What may be given on with Convene, which is under MIT: as SPDX names it, or as packages wrote before there was SPDX.
FITTING = re.compile(
    r"MIT|BSD|0BSD|Apache|PSF|Python Software Foundation|ISC|MPL-2\.0|Mozilla Public License 2\.0|Unlicense|CC0|OFL"
)
UNFIT = re.compile(r"\b[AL]?GPL|GNU (Affero |Lesser )?General", re.IGNORECASE)

NOT_ASKED = "Known faults: **not run**, because the package index could tell of no package at all."


class Package(NamedTuple):
    """A package in a bill of materials."""

    name: str
    version: str
    licences: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Whether it may be used under at least one licence that fits, and under no other that does not."""
        return any(map(FITTING.search, self.licences)) and not any(map(UNFIT.search, self.licences))


async def run(options: Options) -> Result:
    """Write the bills of materials, judge the licences, and ask for known faults."""
    return await asyncio.to_thread(_run, options)


def _run(options: Options) -> Result:
    ours = packages(_bill_of_python(options.artifacts / "sbom-python.json"))
    pages = packages(_bill_of_page(options.artifacts / "sbom-page.json"))
    asked, faults = known_faults(_audit(options.artifacts / "audit.json"))
    return judged(_pinned(), ours, pages, asked, faults)


def judged(
    pinned: Sequence[str], ours: Sequence[Package], pages: Sequence[Package], asked: int, faults: Sequence[str]
) -> Result:
    """Say what the bills and the audit come to."""
    missing = sorted(set(pinned) - {_folded(one.name) for one in ours})
    unfit = {what: [one for one in found if not one.fits] for what, found in (("Python", ours), ("page", pages))}
    failures = [
        *(f"{name} is pinned, and in no bill of materials" for name in missing),
        *(f"{one.name} {one.version}: {one.licences or 'no licence'}" for found in unfit.values() for one in found),
        *faults,
    ]
    rows = (
        ("of the server", len(ours), len(unfit["Python"]), asked, len(faults)),
        ("of the page", len(pages), len(unfit["page"]), "not asked", ""),
    )
    return Result(COLUMNS, rows, tuple(failures), told=() if asked else (NOT_ASKED,))


def packages(bill: dict[str, Any]) -> list[Package]:
    """Read the packages of a CycloneDX bill of materials."""
    return [
        Package(one["name"], one.get("version", ""), tuple(_licences(one)))
        for one in bill["components"]
        if one["name"] != "convene"
    ]


def _licences(component: dict[str, Any]) -> Iterator[str]:
    for one in component.get("licenses", ()):
        licence = one.get("license", {})
        yield one.get("expression") or licence.get("id") or licence.get("name") or ""


def known_faults(audit: dict[str, Any]) -> tuple[int, list[str]]:
    """Read how many packages the index could tell of, and what it told."""
    told = [one for one in audit["dependencies"] if "skip_reason" not in one]
    faults = [f"{one['name']} {one['version']}: {fault['id']}" for one in told for fault in one["vulns"]]
    return len(told), faults


def _pinned() -> list[str]:
    """The packages that are wanted on this machine: some are for others, or for older Pythons."""
    lines = REQUIREMENTS.read_text("utf-8").splitlines()
    wanted = [Requirement(line.rstrip("\\ ")) for line in lines if "==" in line and not line.lstrip().startswith("#")]
    return [_folded(one.name) for one in wanted if one.marker is None or one.marker.evaluate()]


def _folded(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _bill_of_python(path: Path) -> dict[str, Any]:
    tool = (sys.executable, "-m", "cyclonedx_py", "environment", str(environment("run")))
    _call(*tool, "--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible", "--output-file", str(path))
    return _read(path)


def _bill_of_page(path: Path) -> dict[str, Any]:
    node = find_node()
    install_packages(node)
    sbom = ("sbom", "--sbom-format", "cyclonedx", "--omit", "dev")
    made = subprocess.run(
        [*node.npm, *sbom], cwd=WEB, env=node.environment(), stdout=subprocess.PIPE, text=True, check=True
    )
    path.write_text(made.stdout, "utf-8")
    return _read(path)


def _audit(path: Path) -> dict[str, Any]:
    """Ask about every pinned package; pip-audit ends with 1 if a fault of any is known."""
    path.unlink(missing_ok=True)
    tool = (sys.executable, "-m", "pip_audit", "--requirement", str(REQUIREMENTS), "--disable-pip", "--no-deps")
    subprocess.run([*tool, "--format", "json", "--output", str(path), "--progress-spinner", "off"], check=False)
    return _read(path) if path.exists() else {"dependencies": []}


def _call(*command: str) -> None:
    subprocess.run(command, env={**os.environ, "PYTHONWARNINGS": "ignore"}, check=True)


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found
