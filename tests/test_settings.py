"""Settings from the environment and `.env`, and the secret that signs tokens."""

from __future__ import annotations

import asyncio
import re
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import pytest
from pydantic import ValidationError

from convene.settings import MailServer, Settings
from convene.storage import schema
from convene.storage.engine import make_database, parse_url
from convene.storage.unit_of_work import Units
from tests.databases import fresh_database

GOOD = token_urlsafe(48)
ReadSettings = Callable[..., Settings]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ReadSettings:
    """Read the settings in a folder of one's own, from an environment with nothing but these."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    def read_settings(**environment: str) -> Settings:
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            return Settings()

    return read_settings


def refused(read: ReadSettings, **environment: str) -> list[tuple[Any, ...]]:
    """The settings that are refused, by name."""
    with pytest.raises(ValidationError) as caught:
        read(**environment)
    return [fault["loc"] for fault in caught.value.errors()]


# -- where they come from ------------------------------------------------------------------------------------


def test_without_any_setting_everything_has_a_value(read: ReadSettings):
    settings = read()
    assert settings.database_url == "sqlite:///./convene.db"
    assert (settings.environment, settings.host, settings.port) == ("development", "127.0.0.1", 8000)
    assert (settings.access_token_expire_minutes, settings.refresh_token_expire_days) == (30, 7)
    assert (settings.algorithm, settings.project_name, settings.debug) == ("HS256", "Convene", False)
    assert settings.backend_cors_origins == ()


def test_settings_are_read_from_the_file_env(read: ReadSettings):
    lines = ["# a comment", "PORT=9000", 'PROJECT_NAME="Our calendar"', f"SECRET_KEY={GOOD}", "", "environment=test"]
    Path(".env").write_text("\n".join(lines), encoding="utf-8")
    settings = read()
    assert (settings.port, settings.project_name, settings.environment) == (9000, "Our calendar", "test")
    assert settings.signing_key() == GOOD


def test_the_environment_goes_before_the_file(read: ReadSettings):
    Path(".env").write_text("PORT=9000\nPROJECT_NAME=Ours", encoding="utf-8")
    settings = read(PORT="9001")
    assert (settings.port, settings.project_name) == (9001, "Ours")


def test_the_example_says_the_defaults(read: ReadSettings):
    example = Path(__file__).parents[1] / ".env.example"
    lines = [line.removeprefix("# ") for line in example.read_text(encoding="utf-8").splitlines()]
    commented = [line for line in lines if line.partition("=")[0].isupper() and "example.com" not in line]
    said = [line for line in commented if not line.startswith(("DATABASE_URL=postgresql", "SECRET_KEY"))]
    assert len(said) > 10
    Path(".env").write_text("\n".join(said), encoding="utf-8")
    assert read() == Settings(_env_file=None)


@pytest.mark.parametrize("document", [".env.example", "README.md"])
def test_the_documents_name_every_setting(document: str):
    text = (Path(__file__).parents[1] / document).read_text(encoding="utf-8")
    assert [name for name in Settings.model_fields if not re.search(rf"\b{name.upper()}\b", text)] == []


def test_what_other_programs_and_later_versions_are_told_does_no_harm(read: ReadSettings):
    others = {
        "RATE_LIMIT_PER_MINUTE": "100",
        "REDIS_URL": "redis://localhost:6379/0",
        "SMTP_SERVER": "localhost",
        "WEBHOOK_ALLOW_PRIVATE_TARGETS": "false",
        "FIRST_SUPERUSER": "admin",
        "UNHEARD_OF": "x",
    }
    Path(".env").write_text("\n".join(f"{name}={value}" for name, value in others.items()), encoding="utf-8")
    assert read(**others) == read()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("ENVIRONMENT", "prod"),
        ("ALGORITHM", "none"),
        ("ALGORITHM", "RS256"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "0"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "1441"),
        ("REFRESH_TOKEN_EXPIRE_DAYS", "0"),
        ("DEBUG", "perhaps"),
        ("DATABASE_POOL_SIZE", "0"),
        ("RATE_LIMIT_PER_MINUTE", "-1"),
        ("TRUSTED_PROXIES", "*"),
        ("TRUSTED_PROXIES", "proxy.example"),
        ("PASSWORD_TIME_COST", "0"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(read: ReadSettings, name: str, value: str):
    assert refused(read, **{name: value}) == [(name.lower(),)]


@pytest.mark.parametrize(
    "said",
    [
        "https://a.example,https://b.example",
        " https://a.example , https://b.example ",
        '["https://a.example", "https://b.example"]',
        "['https://a.example','https://b.example']",
    ],
)
def test_origins_are_read_as_a_list_in_any_writing(read: ReadSettings, said: str):
    assert read(BACKEND_CORS_ORIGINS=said).backend_cors_origins == ("https://a.example", "https://b.example")


def test_no_origins_are_no_origins(read: ReadSettings):
    assert read(BACKEND_CORS_ORIGINS="").backend_cors_origins == ()
    assert read(BACKEND_CORS_ORIGINS="[]").backend_cors_origins == ()


# -- mail ----------------------------------------------------------------------------------------------------

MAIL = {"MAIL_FROM": "Convene <calendar@example.com>", "PUBLIC_URL": "https://calendar.example.com/"}


def test_without_a_server_there_is_no_mail(read: ReadSettings):
    assert read().mail_server is None
    assert read(**MAIL, SMTP_URL="").mail_server is None


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", MailServer("mail.example.com", 587, "starttls")),
        ("smtp://mail.example.com:25/", MailServer("mail.example.com", 25, "starttls")),
        ("smtps://a%40b:p%2Fw@mail.example.com", MailServer("mail.example.com", 465, "tls", "a@b", "p/w")),
        ("smtp://user:pass@localhost:1025", MailServer("localhost", 1025, "none", "user", "pass")),
        ("smtp://127.0.0.1:1025", MailServer("127.0.0.1", 1025, "none")),
        ("smtp://[::1]:1025", MailServer("::1", 1025, "none")),
    ],
)
def test_a_mail_server_is_read_from_its_address(read: ReadSettings, url: str, server: MailServer):
    settings = read(**MAIL, SMTP_URL=url)
    assert (settings.mail_server, settings.public_url) == (server, "https://calendar.example.com")


def test_whether_tls_is_demanded_can_be_said(read: ReadSettings):
    elsewhere, here = {"SMTP_URL": "smtp://mail.example.com", **MAIL}, {"SMTP_URL": "smtp://localhost", **MAIL}
    servers = [read(**elsewhere, SMTP_STARTTLS="false").mail_server, read(**here, SMTP_STARTTLS="true").mail_server]
    assert [server.security for server in servers if server] == ["none", "starttls"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("SMTP_URL", url) for url in ("mail.example.com", "http://mail.example.com", "smtp://", "smtp://:25")),
        *(
            ("SMTP_URL", url)
            for url in ("smtp://a:0", "smtp://a:99999", "smtp://user@a", "smtp://u:p/w@a", "smtp://a b")
        ),
        *(("SMTP_URL", url) for url in ("smtp://a/path", "smtp://a?x=1", "smtp://a#x", "smtp://[::1", "smtp://bücher")),
        *(
            ("MAIL_FROM", address)
            for address in ("calendar", "a@example.com, b@example.com", "a@", "Jörg <ö@example.com>")
        ),
        ("MAIL_FROM", "a@example.com\nBcc: b@example.com"),
        *(
            ("PUBLIC_URL", url)
            for url in ("calendar.example.com", "ftp://a", "https://", "https://a/?x", "https://u@a")
        ),
        ("SMTP_TIMEOUT_SECONDS", "0"),
    ],
)
def test_settings_of_mail_that_make_no_sense_are_refused_by_name(read: ReadSettings, name: str, value: str):
    assert refused(read, **{**MAIL, "SMTP_URL": "smtp://localhost", name: value}) == [(name.lower(),)]


@pytest.mark.parametrize("missing", ["MAIL_FROM", "PUBLIC_URL"])
def test_mail_needs_a_sender_and_a_place_for_its_links(read: ReadSettings, missing: str):
    with pytest.raises(ValidationError, match=f"SMTP_URL needs {missing} beside it"):
        read(**{**MAIL, "SMTP_URL": "smtp://localhost", missing: ""})


def test_what_is_wrong_with_a_mail_server_is_said_without_its_password(read: ReadSettings):
    with pytest.raises(ValidationError) as caught:
        read(**MAIL, SMTP_URL="smtp://user:hunter2/x@mail.example.com")
    assert "hunter2" not in str(caught.value.errors(include_input=False))
    assert "hunter2" not in repr(read(**MAIL, SMTP_URL="smtp://user:hunter2@mail.example.com").mail_server)


# -- the secret ----------------------------------------------------------------------------------------------

WEAK = [
    "",
    "short",
    "x" * 64,
    "ab" * 32,
    "changeme-changeme-changeme-changeme",
    "change-me-in-production-please-0123456789",
    "CHANGE THIS TO SOMETHING SECRET AND LONG",
    "your-secret-key-here-your-secret-key-here",
    "your-super-secret-key-change-this-in-production",
    "secret-key-secret-key-secret-key-0123456789",
    "supersecretkeythatnobodywilleverguess123",
    "my_secret_key_for_development_only_123456",
    "insecure-development-key-do-not-use-0123",
    "django-insecure-9x8y7z6w5v4u3t2s1r0q9p8o7n6m5",
    "12345678901234567890123456789012345678901234567890",
    "password-password-password-0123456789",
]


@pytest.mark.parametrize("secret", WEAK)
def test_production_refuses_a_weak_secret_without_showing_it(read: ReadSettings, secret: str):
    with pytest.raises(ValidationError) as caught:
        read(ENVIRONMENT="production", SECRET_KEY=secret)
    [fault] = caught.value.errors()
    assert "SECRET_KEY is missing or weak" in fault["msg"]
    assert not secret or secret not in fault["msg"]


def test_production_takes_a_strong_secret(read: ReadSettings):
    for _ in range(200):
        made = token_urlsafe(48)
        assert read(ENVIRONMENT="production", SECRET_KEY=made).signing_key() == made


@pytest.mark.parametrize(("algorithm", "least"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_secret_is_at_least_as_long_as_what_it_makes(read: ReadSettings, algorithm: str, least: int):
    """RFC 7518, 3.2."""
    production = {"ENVIRONMENT": "production", "ALGORITHM": algorithm}
    long = token_urlsafe(96)
    assert read(**production, SECRET_KEY=long[:least]).signing_key() == long[:least]
    assert refused(read, **production, SECRET_KEY=long[: least - 1]) == [()]


def test_settings_do_not_show_the_secret(read: ReadSettings):
    settings = read(SECRET_KEY=GOOD)
    assert GOOD not in f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"


def test_in_development_a_secret_is_made_once_and_kept_for_its_owner_alone(read: ReadSettings, tmp_path: Path):
    made = read().signing_key()
    kept = tmp_path / "convene.db.secret"
    assert kept.read_text(encoding="ascii") == made
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert len(made) >= 64
    assert [file.name for file in tmp_path.iterdir()] == ["convene.db.secret"]
    assert read().signing_key() == made


def test_a_secret_that_is_given_is_not_kept(read: ReadSettings, tmp_path: Path):
    assert read(SECRET_KEY=GOOD).signing_key() == GOOD
    assert list(tmp_path.iterdir()) == []


def test_in_development_a_weak_secret_is_used_as_it_is(read: ReadSettings, tmp_path: Path):
    settings = read(SECRET_KEY="dev")
    assert (settings.signing_key(), settings.has_weak_secret) == ("dev", True)
    assert list(tmp_path.iterdir()) == []
    assert not read(SECRET_KEY=GOOD).has_weak_secret


@pytest.mark.parametrize("content", ["", "\n", "  \n"])
def test_an_empty_secret_is_made_anew(read: ReadSettings, tmp_path: Path, content: str):
    kept = tmp_path / "convene.db.secret"
    kept.write_text(content, encoding="ascii")
    made = read().signing_key()
    assert (len(made), kept.read_text(encoding="ascii")) == (64, made)
    assert read().signing_key() == made
    assert [file.name for file in tmp_path.iterdir()] == [kept.name]


def test_of_many_who_start_at_once_all_have_one_secret(read: ReadSettings, tmp_path: Path):
    (tmp_path / "below").mkdir()
    settings = [read(DATABASE_URL=f"sqlite:///{tmp_path}/below/convene.db") for _ in range(16)]
    with ThreadPoolExecutor(16) as threads:
        keys = set(threads.map(Settings.signing_key, settings))
    assert len(keys) == 1
    assert [file.name for file in (tmp_path / "below").iterdir()] == ["convene.db.secret"]


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("sqlite:///./convene.db", "convene.db.secret"),
        ("sqlite:///data/calendar.sqlite", "data/calendar.sqlite.secret"),
        ("sqlite+aiosqlite:///data/calendar.db", "data/calendar.db.secret"),
        ("sqlite:///data/calendar.db?timeout=5", "data/calendar.db.secret"),
        ("postgresql://convene:secret@db/convene", "convene.secret"),
    ],
)
def test_the_secret_is_kept_beside_the_database(read: ReadSettings, tmp_path: Path, url: str, kept: str):
    (tmp_path / "data").mkdir()
    read(DATABASE_URL=url).signing_key()
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.secret")] == [kept]


# -- the database --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "read_as"),
    [
        ("postgres://u:p@h/d", "postgresql://u:p@h/d"),
        ("postgresql://u:p@h:5433/d", "postgresql://u:p@h:5433/d"),
        ("postgresql+psycopg2://u:p@h/d", "postgresql://u:p@h/d"),
        ("postgresql+psycopg://u:p@h/d", "postgresql://u:p@h/d"),
        ("postgresql+asyncpg://u:p%40w@h/d", "postgresql://u:p%40w@h/d"),
        ("sqlite:///./test.db", "sqlite:///./test.db"),
        ("sqlite+aiosqlite:///test.db", "sqlite:///test.db"),
        ("sqlite+pysqlite:////tmp/test.db", "sqlite:////tmp/test.db"),
    ],
)
def test_the_driver_in_the_url_of_a_database_does_not_matter(said: str, read_as: str):
    assert parse_url(said).render_as_string(hide_password=False) == read_as


@pytest.mark.parametrize(
    "url", ["", "convene.db", "mysql://u:p@h/d", "sqlite://", "sqlite:///:memory:", "://", "postgresql", "redis://h"]
)
def test_the_url_of_no_database_of_ours_is_refused_without_its_password(url: str):
    with pytest.raises(ValueError, match="DATABASE_URL") as caught:
        parse_url(url)
    assert "u:p" not in str(caught.value)


async def _is_served(url: str) -> bool:
    database = make_database(url)
    await database.open()
    try:
        async with Units(database).reading() as work:
            await work.ping()
    finally:
        await database.close()
    return True


@pytest.mark.parametrize("query", ["", "?sslmode=disable", "?sslmode=prefer&connect_timeout=10", "?application_name=x"])
def test_what_psycopg_reads_of_a_url_is_read_here_too(query: str):
    with fresh_database("postgresql", migrated=False) as url:
        for scheme in ("postgres", "postgresql+psycopg2"):
            whole = f"{url.replace('postgresql', scheme, 1)}{query}"
            schema.migrate(whole)
            schema.verify(whole)
            assert asyncio.run(_is_served(whole))
