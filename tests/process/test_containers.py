"""What the container files say, as far as it can be tried without an engine for containers."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from convene.api.web import BUILT
from convene.delivery.channels import MARGIN_SECONDS
from convene.settings import Settings
from tests.postgres_guard import free_port
from tests.process.servers import ROOT, serving

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
RENDER = yaml.safe_load((ROOT / "render.yaml").read_text(encoding="utf-8"))
BIN = Path(sys.executable).parent
#: More than stopping takes beside requests and deliveries.
CLOSING_SECONDS = 10
SECRET = "a secret that only this test knows: 8d1f0c7e2b"


def instructions(name: str) -> list[str]:
    return re.findall(rf"^\s*{name} +(.+)$", DOCKERFILE, re.MULTILINE)


def image_environment() -> dict[str, str]:
    """What the image tells its processes, but for where Python is."""
    told = dict(pair.split("=", 1) for pair in shlex.split(" ".join(instructions("ENV"))))
    return {name: value for name, value in told.items() if not name.startswith("P") or name == "PORT"}


def names_of(environment: dict[str, Any] | list[dict[str, Any]]) -> set[str]:
    return {one["key"] for one in environment} if isinstance(environment, list) else set(environment)


@pytest.mark.parametrize(
    "environment",
    [image_environment(), COMPOSE["services"]["api"]["environment"], RENDER["services"][0]["envVars"]],
    ids=["Dockerfile", "compose.yaml", "render.yaml"],
)
def test_processes_in_containers_are_told_settings_that_exist(environment: dict[str, Any] | list[dict[str, Any]]):
    assert names_of(environment) <= {name.upper() for name in Settings.model_fields}


#: Settings that the image says itself, because other parts of it rely on them.
OF_THE_IMAGE = {"HOST", "PORT"}
#: What Render asks for; the rest is set in its dashboard.
ASKED = {
    *("SMTP_URL", "MAIL_FROM", "PUBLIC_URL", "RATE_LIMIT_PER_MINUTE", "BACKEND_CORS_ORIGINS"),
    *("OTEL_EXPORTER_OTLP_ENDPOINT", "METRICS_TOKEN", "REGISTRATION"),
}


def test_every_setting_in_a_file_beside_compose_reaches_the_processes():
    said = COMPOSE["services"]["api"]["environment"]
    assert set(said) == {name.upper() for name in Settings.model_fields} - OF_THE_IMAGE
    fixed = {name for name, value in said.items() if f"${{{name}:" not in str(value)}
    assert fixed == {"DATABASE_URL", "REDIS_URL"}  # of the containers beside it


def test_render_asks_for_what_an_operator_chooses():
    assert names_of(RENDER["services"][0]["envVars"]) >= ASKED


def test_what_is_empty_in_compose_is_as_if_it_were_not_there(monkeypatch: pytest.MonkeyPatch):
    said = COMPOSE["services"]["api"]["environment"]
    empty = {name for name, value in said.items() if str(value) == f"${{{name}:-}}"}
    assert len(empty) > 20
    for name in {name.upper() for name in Settings.model_fields}:
        monkeypatch.delenv(name, raising=False)
    unsaid = Settings(_env_file=None)
    for name in empty:
        monkeypatch.setenv(name, "")
    assert Settings(_env_file=None) == unsaid


def test_what_stands_in_a_file_beside_compose_reaches_the_processes(tmp_path: Path):
    api = configured(tmp_path, "compose.yaml", SMTP_URL="smtp://mail.example.com", RATE_LIMIT_PER_MINUTE="30")["api"]
    assert api["environment"]["SMTP_URL"] == "smtp://mail.example.com"
    assert str(api["environment"]["RATE_LIMIT_PER_MINUTE"]) == "30"
    assert not api["environment"]["MAIL_FROM"]


def test_the_image_is_made_of_what_the_build_may_see():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [path for said in instructions("COPY") if not said.startswith("--from") for path in said.split()[:-1]]
    assert {"requirements/run.txt", "src", "web"} <= set(copied)
    assert {f"!{path}" for path in copied if not path.startswith("web/")} <= set(ignored)
    assert all((ROOT / path).exists() for path in copied)
    # What was built or installed on this machine is not what the image is made of.
    assert {"src/convene/web", "web/node_modules"} <= set(ignored)


def test_the_image_can_be_built_with_what_traces_need():
    folder = ROOT / "requirements"
    [chosen] = [said for said in instructions("ARG") if said.startswith("PACKAGES=")]
    assert chosen == "PACKAGES=run"
    pinned = {
        name: re.findall(r"^[\w.-]+==\S+", (folder / f"{name}.txt").read_text(), re.MULTILINE)
        for name in ("run", "otel")
    }
    assert set(pinned["run"]) <= set(pinned["otel"])
    assert any(one.startswith("opentelemetry-exporter-otlp-proto-http==") for one in pinned["otel"])
    assert COMPOSE["services"]["api"]["build"]["args"] == {"PACKAGES": "${PACKAGES:-run}"}


def test_the_image_has_the_programs_that_copies_are_made_with():
    last_stage = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"apt-get install .*postgresql-client", last_stage)


def test_the_image_has_the_page_where_the_server_looks_for_it():
    [built] = [said.split() for said in instructions("COPY") if said.startswith("--from=page")]
    assert Path(built[1]).relative_to("/build") == BUILT.relative_to(ROOT)
    assert Path(built[2]).relative_to("/opt/convene") == BUILT.relative_to(ROOT)


def test_nothing_in_compose_serves_without_secrets_of_its_own():
    api = COMPOSE["services"]["api"]["environment"]
    assert api["SECRET_KEY"].startswith("${SECRET_KEY:?")
    assert "${POSTGRES_PASSWORD:?" in api["DATABASE_URL"]
    assert set(COMPOSE["services"]["api"]["depends_on"]) == {"postgres", "valkey"}


def seconds_to_stop(environment: dict[str, Any]) -> float:
    """How long a server takes to stop at most: it drains its requests while it finishes what it has in hand.

    What it takes in hand last, it takes in the moment of the signal; each lease is the longest that may last. Then it
    closes what it is connected to.
    """
    source = (ROOT / "src/convene/cli.py").read_text(encoding="utf-8")
    drain = int(re.search(r"timeout_graceful_shutdown=(\d+)", source)[1])  # type: ignore[index] # or the test fails
    settings = Settings(_env_file=None, **{name.lower(): said for name, said in environment.items()})
    leases = [one + MARGIN_SECONDS for one in (settings.webhook_timeout_seconds, settings.smtp_timeout_seconds)]
    return max(drain, *leases) + CLOSING_SECONDS


def test_containers_have_time_to_finish_what_they_have_in_hand():
    timeouts = {"WEBHOOK_TIMEOUT_SECONDS", "SMTP_TIMEOUT_SECONDS"}
    api, render = COMPOSE["services"]["api"], RENDER["services"][0]
    told = {name: api["environment"][name].removeprefix(f"${{{name}:-").removesuffix("}") for name in timeouts}
    assert int(api["stop_grace_period"].removesuffix("s")) > seconds_to_stop(told)
    told = {one["key"]: one["value"] for one in render["envVars"] if one["key"] in timeouts}
    assert render["maxShutdownDelaySeconds"] > seconds_to_stop(told)


def test_the_command_of_the_image_serves_and_its_check_sees_that(tmp_path: Path):
    check = orjson.loads(instructions("HEALTHCHECK")[0].partition(" CMD ")[2])
    assert check[0] == "python"
    told = image_environment() | {"HOST": "127.0.0.1", "PORT": str(free_port()), "SECRET_KEY": SECRET}
    url = f"sqlite:///{tmp_path}/convene.db"
    assert told.pop("DATABASE_URL").startswith("sqlite:////")
    environment = {"PATH": os.environ["PATH"], "PORT": told["PORT"]}
    with serving(url, **told) as server:
        assert subprocess.run([sys.executable, *check[1:]], env=environment, check=False).returncode == 0
        assert '"level":"info"' in server.log  # in production a log line is JSON
    stopped = subprocess.run([sys.executable, *check[1:]], env=environment, check=False, capture_output=True)
    assert stopped.returncode != 0


@pytest.mark.parametrize("environment", [COMPOSE["services"]["api"]["environment"], RENDER["services"][0]["envVars"]])
def test_what_stands_in_front_is_believed_about_addresses(environment: dict[str, Any] | list[dict[str, Any]]):
    """Or everybody would share the quotas of the proxy."""
    said = {one["key"]: one.get("value", "") for one in environment} if isinstance(environment, list) else environment
    proxies = said["TRUSTED_PROXIES"].removeprefix("${TRUSTED_PROXIES:-").removesuffix("}")
    assert Settings(_env_file=None, trusted_proxies=proxies).trusted_proxies


def test_hadolint_finds_nothing_in_the_dockerfile():
    linted = subprocess.run([BIN / "hadolint", ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (linted.returncode, linted.stdout) == (0, "")


def configured(tmp_path: Path, *files: str, **told_more: str) -> dict[str, Any]:
    """What podman-compose makes of some files. Of podman it asks the version alone, and it need not be there."""
    podman = tmp_path / "podman"
    podman.write_text("#!/bin/sh\necho podman version 5.0.0\n")
    podman.chmod(0o755)
    told = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "SECRET_KEY": SECRET, "POSTGRES_PASSWORD": "chosen"} | told_more
    named = [argument for file in files for argument in ("-f", str(ROOT / file))]
    said = subprocess.run(
        [BIN / "podman-compose", *named, "config"], env=told, capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
    services: dict[str, Any] = yaml.safe_load(said.stdout)["services"]
    return services


def test_compose_is_understood_by_another_program_than_docker(tmp_path: Path):
    api = configured(tmp_path, "compose.yaml")["api"]
    assert api["environment"]["DATABASE_URL"] == "postgresql://convene:chosen@postgres/convene"
    assert api["read_only"] is True


def test_no_answer_takes_a_process_away_from_everybody():
    """A process answers 503 for reasons of one request, too; only one that cannot be reached gets none."""
    caddyfile = (ROOT / "deploy/Caddyfile").read_text(encoding="utf-8")
    said = {line.split()[0] for line in caddyfile.splitlines() if line.strip() and not line.strip().startswith("#")}
    assert "fail_duration" in said
    assert {name for name in said if name.startswith("unhealthy")} == set()


def test_the_addresses_of_proxies_can_be_said_in_compose_and_need_not_be(tmp_path: Path):
    said = configured(tmp_path, "compose.yaml", TRUSTED_PROXIES="192.0.2.1", ENVIRONMENT="")["api"]["environment"]
    assert (said["TRUSTED_PROXIES"], said["ENVIRONMENT"]) == ("192.0.2.1", "production")
    assert configured(tmp_path, "compose.yaml")["api"]["environment"]["TRUSTED_PROXIES"].startswith("10.0.0.0/8,")


def test_those_who_work_on_convene_serve_their_own_sources(tmp_path: Path):
    services = configured(tmp_path, "compose.yaml", "compose.dev.yaml")
    api = services["api"]
    assert api["environment"]["ENVIRONMENT"] == "development"
    assert api["environment"]["DATABASE_URL"] == "postgresql://convene:chosen@postgres/convene"
    assert set(api["environment"]) <= {name.upper() for name in Settings.model_fields}
    assert any("src:/opt/convene/src" in volume for volume in api["volumes"])
    assert "convene.cli:application" in str(api["command"])
