"""What all commands share: settings that are read, input that is checked, an operation that is run to its end.

Knows no command. What goes wrong is a `Refusal`, which is told in one line.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError

from convene.api.lines import configure
from convene.api.schemas import Body, Login
from convene.api.wordings import all_wordings
from convene.domain.errors import ConveneError
from convene.domain.words import refused
from convene.operations.passwords import Passwords
from convene.settings import Settings
from convene.storage import schema
from convene.storage.engine import make_database, parse_url
from convene.storage.unit_of_work import Units

_STDERR = 2
_T = TypeVar("_T")
_Body = TypeVar("_Body", bound=Body)
Password = Annotated[
    str, typer.Option(envvar="CONVENE_PASSWORD", prompt=True, confirmation_prompt=True, hide_input=True)
]


def open_closed_streams() -> None:
    """Let whatever was closed of stdin, stdout and stderr lead nowhere.

    The next files to be opened would get their numbers, the database among them, and what somebody writes there.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        os.set_inheritable(number, True)  # noqa: FBT003 - its only argument; workers are begun with these streams
    os.close(number)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


class Refusal(Exception):
    """Something to be told in one line."""


def read_settings() -> Settings:
    """Read the settings, and let logs be written as they say.

    Raises:
        Refusal: one of them makes no sense.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        raise Refusal(all_wordings(error, lambda name: name.upper())) from error
    try:
        parse_url(settings.database_url)
    except ValueError as error:
        raise Refusal(str(error)) from error
    configure(as_json=settings.environment == "production", debug=settings.debug)
    return settings


def checked(kind: type[_Body], sent: dict[str, str]) -> _Body:
    """Hold what is said to a command to the rules of the API.

    Raises:
        Refusal: it breaks one.
    """
    try:
        return kind.model_validate(sent)
    except ValidationError as error:
        raise Refusal(all_wordings(error, lambda name: f"/{name}")) from error


def check_name(name: str) -> None:
    """A terminal may send what is no text, which no database takes."""
    checked(Login, {"username": name, "password": ""})


def run_with_passwords(work: Callable[[Units, Passwords], Awaitable[_T]]) -> _T:
    """Run an operation that hashes passwords, too."""
    settings = read_settings()
    passwords = Passwords(time_cost=settings.password_time_cost, memory_kib=settings.password_memory_kib)
    return run(lambda units: work(units, passwords))


def run(work: Callable[[Units], Awaitable[_T]], *, timeout: float | None = None) -> _T:
    """Run an operation on the database that the settings name, which must be up to date.

    Raises:
        Refusal: the operation refuses.
    """
    settings = read_settings()
    schema.verify(settings.database_url)

    async def run_it() -> _T:
        database = make_database(settings.database_url, timeout=timeout or settings.database_timeout_seconds)
        await database.open()
        try:
            return await work(Units(database))
        finally:
            await database.close()

    try:
        return asyncio.run(run_it())
    except ConveneError as error:
        raise Refusal(refused(error)) from error
