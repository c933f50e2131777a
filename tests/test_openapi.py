"""The OpenAPI document: valid, stable, complete, and clean by the main rules of its linters (Redocly's, Spectral's)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from convene.app import create_app
from tests.people import contract, settings_for
from tests.routes import PUBLIC, all_routes

SNAPSHOT = Path(__file__).parent / "data" / "operations.txt"
Json = Any


def document() -> dict[str, Json]:
    return contract().document


class Operation(NamedTuple):
    method: str
    path: str
    says: dict[str, Json]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[dict[str, Json]]:
        found: list[dict[str, Json]] = self.says.get("parameters", [])
        return found

    @property
    def statuses(self) -> set[int]:
        return {int(status) for status in self.says["responses"]}


def operations() -> list[Operation]:
    return [
        Operation(method.upper(), path, says)
        for path, methods in document()["paths"].items()
        for method, says in methods.items()
    ]


def everything(value: Json) -> Iterator[dict[str, Json]]:
    """Every object in the document."""
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from everything(one)


each_operation = pytest.mark.parametrize(
    "operation", [pytest.param(one, id=one.says["operationId"]) for one in operations()]
)


# -- the whole -----------------------------------------------------------------------------------------------


def test_the_document_is_valid(tmp_path: Path):
    """By a process of its own: the validator makes forty parsers when it is imported, here in every worker."""
    (tmp_path / "openapi.json").write_text(json.dumps(document()), "utf-8")
    validator = [sys.executable, "-m", "openapi_spec_validator", "openapi.json"]
    found = subprocess.run(validator, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "openapi.json: OK\n"), found.stdout + found.stderr


def test_the_document_is_the_same_whatever_the_settings(tmp_path: Path):
    (tmp_path / "index.html").write_text("<title>Convene</title>")
    more = {"metrics_token": "x" * 40, "redis_url": "redis://127.0.0.1:1/0", "rate_limit_per_minute": 5, "workers": 2}
    for_others = {"trusted_proxies": "10.0.0.0/8", "backend_cors_origins": ["https://elsewhere.example"]}
    settings = settings_for("postgresql://nobody@127.0.0.1:1/none", **more, **for_others)
    assert create_app(settings, tmp_path, page=tmp_path).openapi() == document()


def test_every_route_is_described():
    hidden = {"GET /openapi.json", "GET /docs", "GET /docs/oauth2-redirect", "GET /redoc", "ANY /docs/assets"}
    hidden |= {"GET /metrics", "GET /unsubscribe", "POST /unsubscribe"}  # in other languages than the API's
    routes = {str(route) for route in all_routes() if route.method != "WS"}
    assert {str(one) for one in operations()} == routes - hidden


def test_operation_ids_change_only_on_purpose():
    """Clients are generated from them: whoever changes one changes the file, too, and knows what they do."""
    now = sorted(f"{one.says['operationId']} {one}" for one in operations())
    assert SNAPSHOT.read_text(encoding="utf-8").splitlines() == now


def test_every_tag_says_what_it_is_about():
    described = {tag["name"] for tag in document()["tags"] if tag["description"]}
    assert {tag for one in operations() for tag in one.says["tags"]} == described


def test_every_shape_is_used():
    used = {one["$ref"].rpartition("/")[2] for one in everything(document()) if isinstance(one.get("$ref"), str)}
    assert used == set(document()["components"]["schemas"])


def test_no_request_suggests_a_default_that_means_not_said():
    schemas = document()["components"]["schemas"]
    for name in ("EventCheck", "EventCreate", "EventUpdate", "ProfileUpdate"):
        assert [field for field, schema in schemas[name]["properties"].items() if "default" in schema] == [], name


def test_the_answers_to_everything_are_there_without_a_token():
    assert {str(one) for one in operations() if one.says["security"] == [] or {} in one.says["security"]} == {
        route for route in PUBLIC if route in {str(one) for one in operations()}
    }


# -- each operation ------------------------------------------------------------------------------------------


@each_operation
def test_an_operation_says_what_it_does(operation: Operation):
    says = operation.says
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", says["operationId"])
    assert len(says["tags"]) == 1
    assert says["summary"]
    assert says["description"].strip().endswith(".")


@each_operation
def test_the_parameters_of_a_path_are_described_and_no_others(operation: Operation):
    in_path = {one["name"] for one in operation.parameters if one["in"] == "path"}
    assert in_path == set(re.findall(r"{(\w+)}", operation.path))
    assert all(one["required"] for one in operation.parameters if one["in"] == "path")


@each_operation
def test_every_parameter_says_what_it_is(operation: Operation):
    assert [one["name"] for one in operation.parameters if not one.get("description")] == []


@each_operation
def test_a_parameter_is_described_in_the_words_of_json_schema(operation: Operation):
    for one in operation.parameters:
        for schema in everything(one["schema"]):
            assert not {"ge", "le", "gt", "lt"} & set(schema), f"{one['name']} has bounds that only Pydantic knows"
            assert schema.get("type") != "null", f"{one['name']} cannot be null: there is no such thing in an address"
        if one["in"] == "path" and one["schema"]["type"] == "integer":
            assert one["schema"]["minimum"] == 1, one["name"]


@each_operation
def test_a_change_that_asks_for_a_version_may_be_refused_for_another(operation: Operation):
    asks = any(one["name"] == "if-match" for one in operation.parameters)
    assert asks == (412 in operation.statuses)


@each_operation
def test_every_error_is_declared(operation: Operation):
    expected = {status for status in operation.statuses if status < 400}
    if operation.path.startswith("/health"):
        expected |= operation.statuses & {503}
    else:
        expected |= {422, 429, 500, 503}
    expected |= {401} if operation.says["security"] or operation.says["operationId"] in {"log_in", "refresh"} else set()
    expected |= {400, 413, 415} if "requestBody" in operation.says else set()
    names_one = re.search(r"{(event|session|notification|calendar|webhook)_id}", operation.path)
    expected |= {404} if names_one or operation.says["operationId"] == "check_event" else set()
    assert operation.statuses - {403, 409, 410, 412} == expected


@each_operation
def test_every_error_is_a_problem(operation: Operation):
    for status, answer in operation.says["responses"].items():
        if int(status) >= 400 and not operation.path.startswith("/health"):
            assert answer["content"] == {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            }


@each_operation
def test_every_success_has_a_shape_or_nothing_at_all(operation: Operation):
    [answer] = [answer for status, answer in operation.says["responses"].items() if status.startswith("2")]
    content = answer.get("content", {})
    shapes = [one["schema"] for kind, one in content.items() if kind != "text/event-stream"]
    assert all(schema.get("$ref") or schema["items"]["$ref"] for schema in shapes)
    assert bool(content) == (204 not in operation.statuses)


@each_operation
def test_every_page_leads_to_the_next(operation: Operation):
    names = {one["name"] for one in operation.parameters}
    paged = "Link" in operation.says["responses"].get("200", {}).get("headers", {})
    assert ({"limit", "cursor"} <= names) == paged


# -- each shape ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(document()["components"]["schemas"]))
def test_a_shape_says_what_it_is(name: str):
    schema = document()["components"]["schemas"][name]
    assert schema.get("description") or name == "JsonValue", "give the model a docstring"
    assert set(schema.get("required", ())) <= set(schema.get("properties", ()))
