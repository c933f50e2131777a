"""Writes web/src/api/schema.d.ts, the types of the API, from its OpenAPI document: `python -m web.api_types`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from web.build import WEB, CannotBuild, find_node, install_packages

from convene.app import create_app
from convene.settings import Settings

TYPES = WEB / "src" / "api" / "schema.d.ts"


def document() -> str:
    """The OpenAPI document, as the page's types are made from it."""
    settings = Settings(_env_file=None, database_url="sqlite:///:memory:", secret_key="0" * 64, environment="test")
    described = create_app(settings).openapi()
    described["info"]["version"] = "0"  # a new version by itself changes no type
    return json.dumps(described, sort_keys=True)


def types() -> str:
    """The types, as TypeScript.

    Raises:
        CannotBuild: Node or the generator is missing, or the generator refuses the document.
    """
    node = find_node()
    install_packages(node)
    generator = WEB / "node_modules" / "openapi-typescript" / "bin" / "cli.js"
    with tempfile.TemporaryDirectory(prefix="convene-types-") as folder:
        source, target = Path(folder) / "openapi.json", Path(folder) / "schema.d.ts"
        source.write_text(document(), "utf-8")
        command = [node.node, str(generator), str(source), "-o", str(target), "--root-types", "--immutable"]
        ended = subprocess.run(command, cwd=WEB, capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            raise CannotBuild(f"openapi-typescript: {ended.stdout}{ended.stderr}")
        return target.read_text("utf-8")


def main() -> int:
    """Write the types."""
    TYPES.parent.mkdir(parents=True, exist_ok=True)
    TYPES.write_text(types(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
