"""Settings, from the environment or `.env`, under the names that users were promised."""

from __future__ import annotations

import os
import secrets
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

#: A key is at least as long as the hash that it goes into (RFC 7518, 3.2).
MIN_SECRET = {"HS256": 32, "HS384": 48, "HS512": 64}
#: What is in the secrets of examples, in letters and digits alone; a random one has none of them.
_KNOWN_WEAK = (
    *("secretkey", "supersecret", "yoursecret", "yoursuper", "mysecret", "changeme", "changethis", "changeit"),
    *("insecure", "password", "1234567890"),
)


class Settings(BaseSettings):
    """Every setting, its name in the environment in capitals, and its default."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    database_url: str = "sqlite:///./convene.db"
    secret_key: SecretStr = SecretStr("")
    algorithm: Literal["HS256", "HS384", "HS512"] = "HS256"
    access_token_expire_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 30
    refresh_token_expire_days: Annotated[int, Field(ge=1, le=366)] = 7
    # Of one user, and of one address of people who are not signed in; 0 switches all limits off.
    rate_limit_per_minute: Annotated[int, Field(ge=0)] = 100
    # Whoever shows it may read /metrics; without one, only this machine may.
    metrics_token: SecretStr | None = None
    # Where spans are sent, if anywhere; the SDK reads this and its other settings by itself.
    otel_exporter_otlp_endpoint: str | None = None
    redis_url: SecretStr | None = None
    backend_cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    # Addresses and networks of proxies: only they may say for whom they ask, and by which scheme.
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    environment: Literal["development", "test", "production"] = "development"
    debug: bool = False
    project_name: str = "Convene"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    # Webhooks to loopback and private addresses: for development.
    webhook_allow_private_targets: bool = False
    webhook_timeout_seconds: Annotated[float, Field(ge=0.1, le=120)] = 15
    # OWASP's figures for Argon2id; tests lower them.
    password_time_cost: Annotated[int, Field(ge=1)] = 2
    password_memory_kib: Annotated[int, Field(ge=8)] = 19_456
    database_pool_size: Annotated[int, Field(ge=1, le=1000)] = 16
    # How long a request waits for a connection, for a lock, and for an answer, before it is told 503.
    database_timeout_seconds: Annotated[float, Field(ge=0.1, le=600)] = 30

    @field_validator("redis_url", "metrics_token", "otel_exporter_otlp_endpoint", mode="before")
    @classmethod
    def _nothing_is_none(cls, value: object) -> object:
        """Read a name without a value as one that is not there: an empty token would be no secret."""
        return value or None

    @field_validator("trusted_proxies")
    @classmethod
    def _refuse_everybody(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            ip_network(one)  # `*` is none: whoever trusts all addresses lets everybody make one up
        return value

    @field_validator("backend_cors_origins", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Read `a,b` and `["a", "b"]`."""
        if isinstance(value, str):
            return tuple(part.strip(" \"'") for part in value.strip("[] ").split(",") if part.strip(" \"'"))
        return value

    @model_validator(mode="after")
    def _refuse_weak_secret(self) -> Self:
        secret = self.secret_key.get_secret_value()
        if self.environment != "production":
            return self
        plain = "".join(filter(str.isalnum, secret.lower()))
        if not self._long_enough(secret) or len(set(secret)) < 8 or any(weak in plain for weak in _KNOWN_WEAK):
            least = MIN_SECRET[self.algorithm]
            raise ValueError(
                f"SECRET_KEY is missing or weak: in production it must be at least {least} random bytes; "
                "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        return self

    def _long_enough(self, secret: str) -> bool:
        return len(secret.encode()) >= MIN_SECRET[self.algorithm]

    def signing_key(self) -> str:
        """The key that signs tokens.

        In development one is made when none is set, or a weak one, and kept beside the database, so that a restart
        signs nobody out.
        """
        given = self.secret_key.get_secret_value()
        if self._long_enough(given):
            return given
        return _kept_secret(self._secret_file())

    def _secret_file(self) -> Path:
        name = self.database_url.partition(":///")[2] if self.database_url.startswith("sqlite") else ""
        return Path(f"{name.partition('?')[0] or 'convene'}.secret")


def _kept_secret(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    made = secrets.token_urlsafe(48)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    temporary.touch(mode=0o600)
    temporary.write_text(made, encoding="ascii")
    try:
        os.link(temporary, path)  # of two processes that start at once, one wins and both read its key
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    finally:
        temporary.unlink()
    return made
