"""Settings, from the environment or `.env`, under the names that users were promised."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass, field
from email.headerregistry import Address
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

#: A key is at least as long as the hash that it goes into (RFC 7518, 3.2).
MIN_SECRET = {"HS256": 32, "HS384": 48, "HS512": 64}
PORT_MAX = 65535
#: What is in the secrets of examples, in letters and digits alone; a random one has none of them.
_KNOWN_WEAK = (
    *("secretkey", "supersecret", "yoursecret", "yoursuper", "mysecret", "changeme", "changethis", "changeit"),
    *("insecure", "password", "1234567890"),
)


_ADDRESS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
#: Read by hand: the parser of the standard library fails on some texts that are no address.
_SENDER = re.compile(rf'"?(?P<name>[^"<>@,;\\\x00-\x1f\x7f]*)"? *<(?P<bracketed>{_ADDRESS})>|(?P<bare>{_ADDRESS})')
#: The ports for handing in mail (RFC 6409, RFC 8314).
_MAIL_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in, and how: over TLS from the start, after STARTTLS, or in the open."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    username: str | None = None
    password: str | None = field(default=None, repr=False)


class Settings(BaseSettings):
    """Every setting, its name in the environment in capitals, and its default."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    database_url: str = "sqlite:///./convene.db"
    secret_key: SecretStr = SecretStr("")
    algorithm: Literal["HS256", "HS384", "HS512"] = "HS256"
    access_token_expire_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 30
    refresh_token_expire_days: Annotated[int, Field(ge=1, le=366)] = 7
    # Whether people make accounts by themselves; an operator can always make one for them.
    registration: Literal["open", "closed"] = "open"
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
    port: Annotated[int, Field(ge=0, le=PORT_MAX)] = 8000
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    # Webhooks to loopback and private addresses: for development.
    webhook_allow_private_targets: bool = False
    webhook_timeout_seconds: Annotated[float, Field(ge=0.1, le=120)] = 15
    # Where mail is handed in; without it, nobody gets any. What it goes out as, and where its links lead, comes along.
    smtp_url: SecretStr | None = None
    # Whether TLS is demanded of smtp://; unless this is said, of every host but this machine.
    smtp_starttls: bool | None = None
    smtp_timeout_seconds: Annotated[float, Field(ge=0.1, le=300)] = 20
    mail_from: str | None = None
    public_url: str | None = None
    # OWASP's figures for Argon2id; tests lower them.
    password_time_cost: Annotated[int, Field(ge=1)] = 2
    password_memory_kib: Annotated[int, Field(ge=8)] = 19_456
    database_pool_size: Annotated[int, Field(ge=1, le=1000)] = 16
    # How long a request waits for a connection, for a lock, and for an answer, before it is told 503.
    database_timeout_seconds: Annotated[float, Field(ge=0.1, le=600)] = 30

    @field_validator("*", mode="before")
    @classmethod
    def _nothing_is_the_default(cls, value: object, about: ValidationInfo) -> object:
        """Read a name without a value as one that is not there: compose.yaml passes on what nobody has set."""
        return cls.model_fields[str(about.field_name)].default if value == "" else value

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

    @field_validator("redis_url")
    @classmethod
    def _refuse_no_redis(cls, value: SecretStr | None) -> SecretStr | None:
        """What is wrong is said without the address: it may have a password in it."""
        if value is None or value.get_secret_value().startswith("unix:///"):
            return value
        parts = _split_url(value.get_secret_value())
        if parts is None or parts.scheme not in {"redis", "rediss"}:
            raise ValueError("must be an address such as redis://cache.example.com:6379/0, rediss://... or unix:///...")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _refuse_no_mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _mail_server(value.get_secret_value(), starttls=None)
        return value

    @field_validator("mail_from")
    @classmethod
    def _refuse_no_address(cls, value: str | None) -> str | None:
        if value is not None:
            mail_address(value)
        return value

    @field_validator("public_url")
    @classmethod
    def _refuse_no_place(cls, value: str | None) -> str | None:
        """Keep an address that paths can be put behind."""
        if value is None:
            return None
        parts = _split_url(value)
        if parts is None or parts.scheme not in {"http", "https"} or parts.query or parts.fragment or "@" in value:
            raise ValueError("must be an address such as https://calendar.example.com")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _refuse_half_of_mail(self) -> Self:
        missing = [name.upper() for name in ("mail_from", "public_url") if getattr(self, name) is None]
        if self.smtp_url and missing:
            raise ValueError(f"SMTP_URL needs {' and '.join(missing)} beside it")
        return self

    @property
    def mail_server(self) -> MailServer | None:
        """Where mail is handed in, if anywhere."""
        return _mail_server(self.smtp_url.get_secret_value(), starttls=self.smtp_starttls) if self.smtp_url else None

    @model_validator(mode="after")
    def _refuse_weak_secret(self) -> Self:
        if self.environment == "production" and self.has_weak_secret:
            least = MIN_SECRET[self.algorithm]
            raise ValueError(
                f"SECRET_KEY is missing or weak: in production it must be at least {least} random bytes; "
                "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        return self

    def signing_key(self) -> str:
        """The key that signs tokens.

        In development one is made when none is set, and kept beside the database, so that a restart signs nobody out.
        """
        return self.secret_key.get_secret_value() or _kept_secret(self._secret_file())

    @property
    def has_weak_secret(self) -> bool:
        """Whether the key that is set could be guessed; production refuses it, development uses it and warns."""
        secret = self.secret_key.get_secret_value()
        plain = "".join(filter(str.isalnum, secret.lower()))
        enough = len(secret.encode()) >= MIN_SECRET[self.algorithm] and len(set(secret)) >= 8
        return not enough or any(weak in plain for weak in _KNOWN_WEAK)

    def _secret_file(self) -> Path:
        name = self.database_url.partition(":///")[2] if self.database_url.startswith("sqlite") else ""
        return Path(f"{name.partition('?')[0] or 'convene'}.secret")


def _split_url(url: str) -> SplitResult | None:
    """Take an address apart; None when it is none, or has no host or no port that can be."""
    try:
        parts = urlsplit(url)
        usable = parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if usable and url.isascii() and url.isprintable() and " " not in url else None


def _mail_server(url: str, *, starttls: bool | None) -> MailServer:
    """Read where mail is handed in. What is wrong is said without the address: it has a password in it.

    Raises:
        ValueError: it is no such address.
    """
    parts = _split_url(url)
    if parts is None or parts.scheme not in _MAIL_PORTS or not parts.hostname:
        raise ValueError("must be an address such as smtp://user:password@mail.example.com:587 or smtps://...")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("ends after the port; in a user or a password, write # / ? @ as %23 %2F %3F %40")
    if bool(parts.username) != bool(parts.password):
        raise ValueError("needs both a user and a password, or neither")
    demanded = not _is_this_machine(parts.hostname) if starttls is None else starttls
    return MailServer(
        host=parts.hostname,
        port=parts.port or _MAIL_PORTS[parts.scheme],
        security="tls" if parts.scheme == "smtps" else "starttls" if demanded else "none",
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def mail_address(text: str) -> Address:
    """Read one address with a name before it, or without one.

    Raises:
        ValueError: it is none, or more than one.
    """
    found = _SENDER.fullmatch(text.strip(" "))
    if found is None:
        raise ValueError("must be an address such as Convene <calendar@example.com>")
    username, _, domain = (found["bare"] or found["bracketed"]).rpartition("@")
    return Address((found["name"] or "").strip(), username, domain)


def _kept_secret(path: Path) -> str:
    kept = _read_secret(path)
    if kept:
        return kept
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    temporary.touch(mode=0o600)
    with temporary.open("w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())  # a name without its content would be an empty key after a power cut
    try:
        if kept is None:
            os.link(temporary, path)  # of two processes that start at once, one wins and both read its key
        else:
            temporary.replace(path)
    except FileExistsError:
        return _kept_secret(path)
    finally:
        temporary.unlink(missing_ok=True)
    return _kept_secret(path)


def _read_secret(path: Path) -> str | None:
    """The secret in a file, "" for an empty one: whoever knows that a key is empty can sign as well."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
