"""Compares every answer with what the OpenAPI document says of it: path, method, status, media type and shape."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import httpx2
from jsonschema_rs import Draft202012Validator

from convene.api.aliases import canonical

Document = dict[str, Any]


class Contract:
    """What an OpenAPI document promises."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._paths = [
            (re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path) + "$"), path)
            # A path without parameters is meant before one with them: /events/trash is no event.
            for path in sorted(document["paths"], key=lambda path: path.count("{"))
        ]
        self._validator = lru_cache(maxsize=None)(self._make_validator)

    def check(self, response: httpx2.Response) -> None:
        """Fail if an answer is not as described."""
        method = response.request.method.lower()
        if method == "head":  # as GET, without content
            assert not response.content
            method = "get"
        path = self._template(canonical(response.request.url.path))
        if path is None or method not in self.document["paths"][path]:
            assert response.status_code in {401, 404, 405, 413, 415}, "an undescribed route answered"
            assert response.headers["content-type"] == "application/problem+json"
            return
        declared = self.document["paths"][path][method]["responses"]
        status = str(response.status_code)
        assert status in declared, f"{method} {path} answered {status}, which is not declared"
        for name, header in declared[status].get("headers", {}).items():
            assert name in response.headers or not header.get("required"), f"{method} {path} {status} lacks {name}"
        content = declared[status].get("content")
        if content is None:
            assert not response.content
            return
        kind = response.headers["content-type"]
        assert kind in content, f"{method} {path} answered {kind}"
        errors = list(self._validator(path, method, status, kind).iter_errors(response.json()))
        assert not errors, f"{method} {path} {status}: {errors[0].instance_path} {errors[0].message}"

    def _template(self, path: str) -> str | None:
        return next((template for pattern, template in self._paths if pattern.match(path)), None)

    def _make_validator(self, path: str, method: str, status: str, kind: str) -> Draft202012Validator:
        schema = self.document["paths"][path][method]["responses"][status]["content"][kind]["schema"]
        whole = {**schema, "components": self.document["components"]}
        return Draft202012Validator(whole, validate_formats=True)
