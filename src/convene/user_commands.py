"""`convene user`: what operators do about accounts."""

from __future__ import annotations

from typing import Annotated

import typer

from convene.api.schemas import PasswordChange, Register
from convene.operations import accounts, hand_overs
from convene.operations.passwords import Passwords
from convene.storage.unit_of_work import Units
from convene.terminal import Password, Refusal, check_name, checked, run, run_with_passwords

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


@user_app.command("activate")
def activate_user(name: str) -> None:
    """Switch an account on again, by username or e-mail address."""
    check_name(name)
    user = run(lambda units: accounts.activate(units, name))
    print(f"{user.username} is switched on")


@user_app.command("list")
def list_users() -> None:
    """List all accounts in order of their names, with tabs: id, username, e-mail address, state, when it was made."""

    async def tell(units: Units) -> None:
        async for user in accounts.all_users(units):
            state = "active" if user.is_active else "switched off"
            print(user.id, user.username, user.email, state, f"{user.created_at:%Y-%m-%dT%H:%M:%SZ}", sep="\t")

    run(tell)


@user_app.command("hand-over")
def hand_over_events(
    giver: Annotated[str, typer.Argument(metavar="FROM")],
    taker: Annotated[str, typer.Argument(metavar="TO")],
    *,
    into_taken_time: Annotated[
        bool, typer.Option("--into-taken-time", help="Also what overlaps what the new owner has.")
    ] = False,
) -> None:
    """Make somebody the owner of all events of somebody else, who stays an editor; what lies in the trash stays."""
    for name in (giver, taker):
        check_name(name)

    async def tell(units: Units) -> tuple[int, int, int]:
        given = taken = stay = 0
        async for event in hand_overs.hand_all_over(units, giver, taker, into_taken_time=into_taken_time):
            if event.refused:
                stay += 1
                print(f"event {event.event_id} ({event.title}) stays: {event.refused}")
            else:
                given, taken = given + 1, taken + event.taken
        return given, taken, stay

    given, taken, stay = run(tell)
    print(f"{given} events are handed over to {taker}, {taken} of them into taken time")
    if stay:
        raise Refusal(f"{stay} events stay with {giver}")


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
