"""`convene user`: what operators do about accounts."""

from __future__ import annotations

from typing import Annotated

import typer

from convene.api.schemas import PasswordChange, Register
from convene.operations import accounts
from convene.operations.passwords import Passwords
from convene.storage.unit_of_work import Units
from convene.terminal import Password, check_name, checked, run, run_with_passwords

user_app = typer.Typer(no_args_is_help=True, help="Accounts.")


@user_app.command("create")
def create_user(
    username: str,
    email: str,
    password: Password,
    time_zone: Annotated[str, typer.Option(help="An IANA name.")] = "UTC",
) -> None:
    """Make an account."""
    sent = {"username": username, "email": email, "password": password, "time_zone": time_zone}
    new = checked(Register, sent).registration()

    async def create(units: Units, passwords: Passwords) -> int:
        return (await accounts.register(units, passwords, new)).id

    print(f"{username} is user {run_with_passwords(create)}")


@user_app.command("deactivate")
def deactivate_user(name: str) -> None:
    """Switch an account off, by username or e-mail address: it is signed out everywhere."""
    check_name(name)
    user = run(lambda units: accounts.deactivate(units, name))
    print(f"{user.username} is switched off")


@user_app.command("password")
def set_user_password(name: str, password: Password) -> None:
    """Set somebody's password; all their sessions end."""
    check_name(name)
    checked(PasswordChange, {"current_password": "", "new_password": password})

    async def change(units: Units, passwords: Passwords) -> str:
        async with units.reading() as work:
            user = await accounts.named_user(work, name)
        await accounts.set_password(units, user, await passwords.hash(password))
        return user.username

    print(f"{run_with_passwords(change)} has a new password")
