"""A team to look at: people, series, meetings, shares, edits that merged and one that did not.

Everything is done through the operations that users have, so the history is real. Times are around today.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from secrets import token_urlsafe

from convene import clock
from convene.domain.changes import EventChange
from convene.domain.errors import EditConflict
from convene.domain.json_types import Json
from convene.domain.roles import Role
from convene.operations import access, accounts, events, history, series, sessions, sharing
from convene.operations.accounts import Registration
from convene.operations.events import Revision
from convene.operations.history import Way
from convene.operations.identity import Identities, SignedIn
from convene.operations.passwords import Passwords
from convene.operations.sharing import Invitee
from convene.operations.tokens import Tokens
from convene.storage.events import EventHead
from convene.storage.unit_of_work import Units

PASSWORD = "demo-demo-demo"  # noqa: S105 - printed for whoever asked for the demo
ZONE = "Europe/Berlin"
_PEOPLE = {"ana": "Ana", "ben": "Ben", "chloe": "Chloé", "dev": "Dev", "emil": "Emil"}


async def play(units: Units, passwords: Passwords) -> str:
    """Make the team and let it work; gives what to tell the one who asked.

    Raises:
        NameTaken: the team is there already.
    """
    tokens = Tokens(
        key=token_urlsafe(48),
        algorithm="HS256",
        access_life=timedelta(minutes=30),
        refresh_life=timedelta(days=1),
    )
    identities = Identities(units, tokens)
    team: dict[str, SignedIn] = {}
    for username, display_name in _PEOPLE.items():
        team[username] = await _joins(units, passwords, identities, tokens, (username, display_name))
    stage = _Stage(units, team)
    await _plan_the_weeks(stage)
    await _meet(stage)
    await _work_at_once(stage)
    for me in team.values():
        await sessions.end_session(units, identities, me, me.session_id)
    names = ", ".join(_PEOPLE)
    return f"The team is {names}; everybody's password is {PASSWORD}. Its events are around {clock.now():%B %Y}."


async def _joins(
    units: Units, passwords: Passwords, identities: Identities, tokens: Tokens, names: tuple[str, str]
) -> SignedIn:
    username, display_name = names
    new = Registration(
        username=username,
        email=f"{username}@example.com",
        password=PASSWORD,
        display_name=display_name,
        time_zone=ZONE,
    )
    await accounts.register(units, passwords, new)
    pair = await sessions.log_in(units, passwords, tokens, (username, PASSWORD), user_agent="convene demo")
    return await identities.of(pair.access_token)


class _Stage:
    """Where the team acts: each act is one transaction."""

    def __init__(self, units: Units, team: dict[str, SignedIn]) -> None:
        self._units = units
        self._team = team
        today = clock.now().date()
        self.monday = today - timedelta(days=today.weekday())

    def day(self, weeks: int, weekday: int) -> date:
        """A day in a week counted from this one; 0 is Monday."""
        return self.monday + timedelta(weeks=weeks, days=weekday)

    async def creates(self, who: str, title: str, when: tuple[datetime | date, datetime | date], **more: Json) -> int:
        """Create an event, whose time may be taken: people do overbook themselves."""
        pattern = more.pop("recurrence_pattern", None)
        change = EventChange(title=title, start_time=when[0], end_time=when[1], recurrence_pattern=pattern)
        texts = {name: str(value) for name, value in more.items()}
        change = change._replace(**texts)  # type: ignore[arg-type] # only text fields are passed on
        async with self._units.writing() as work:
            return await events.create(
                work, self._team[who], change, lambda _: lambda event_id, _: event_id, allow_overlap=True
            )

    async def shares(self, who: str, event_id: int, **roles: str) -> None:
        """Give roles by name: `ben="editor"`."""
        invitees = [Invitee(role=Role(role), username=name) for name, role in roles.items()]
        async with self._units.writing() as work:
            event = await access.open_to_own(work, self._team[who], event_id)
            await sharing.share(work, event, invitees)

    async def changes(self, who: str, event_id: int, revision: Revision, *, on: datetime | None = None) -> EventHead:
        """Change an event, or one occurrence of it."""
        revision = replace(revision, allow_overlap=True)
        async with self._units.writing() as work:
            event = await access.open_to_edit(work, self._team[who], event_id)
            if on is None:
                return await events.revise(work, event, revision)
            return await series.revise_one(work, event, on, revision)

    async def splits(self, who: str, event_id: int, revision: Revision, *, at: datetime) -> EventHead:
        """Change an occurrence and all that follow."""
        revision = replace(revision, allow_overlap=True)
        async with self._units.writing() as work:
            event = await access.open_to_edit(work, self._team[who], event_id)
            return await series.revise_following(work, event, at, revision)

    async def rolls_back(self, who: str, event_id: int, version: int, *fields: str) -> None:
        """Roll some fields back."""
        async with self._units.writing() as work:
            event = await access.open_to_edit(work, self._team[who], event_id)
            await history.roll_back(work, event, version, Way(fields=fields, allow_overlap=True))


def _at(day: date, hour: int, minute: int = 0, *, minutes: int = 60) -> tuple[datetime, datetime]:
    start = datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - wall time of the team
    return start, start + timedelta(minutes=minutes)


async def _plan_the_weeks(stage: _Stage) -> None:
    daily = await stage.creates(
        "ana",
        "Stand-up",
        _at(stage.day(-9, 0), 9, 15, minutes=15),
        recurrence_pattern="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        location="Room 1",
        description="What I did\nWhat I do\nWhat is in my way",
    )
    await stage.shares("ana", daily, ben="editor", chloe="editor", dev="viewer", emil="viewer")
    moved, until = _at(stage.day(0, 2), 10, minutes=15)
    change = EventChange(start_time=moved, end_time=until, location="Kitchen")
    await stage.changes("ben", daily, Revision(change=change), on=_at(stage.day(0, 2), 9, 15)[0])
    await stage.splits("ana", daily, Revision(change=EventChange(location="Room 7")), at=_at(stage.day(2, 0), 9, 15)[0])
    planning = await stage.creates(
        "chloe",
        "Sprint planning",
        _at(stage.day(-8, 1), 14, minutes=90),
        recurrence_pattern={"frequency": "weekly", "interval": 2, "count": 12},
        location="Room 4",
    )
    await stage.shares("chloe", planning, ana="editor", ben="viewer", dev="editor")
    for weekday, name in enumerate(("ben", "dev", "emil")):
        one_to_one = await stage.creates(
            "ana",
            f"Ana / {_PEOPLE[name]}",
            _at(stage.day(-8, weekday + 1), 11, minutes=30),
            recurrence_pattern={"frequency": "weekly", "count": 24},
        )
        await stage.shares("ana", one_to_one, **{name: "editor"})
    await stage.creates(
        "emil",
        "Pay day",
        (stage.day(-12, 0).replace(day=25), stage.day(-12, 0).replace(day=26)),
        recurrence_pattern={"frequency": "monthly", "byMonthDay": [25]},
    )


async def _meet(stage: _Stage) -> None:
    customers = ("Northwind", "Aurora", "Blue Whale", "Lighthouse", "Meadow", "Cedar", "Harbour", "Tundra")
    owners = tuple(_PEOPLE)
    for number, customer in enumerate(customers):
        owner, guest = owners[number % 5], owners[(number + 2) % 5]
        when = _at(stage.day(number - 4, number % 5), 13 + number % 4, minutes=45)
        call = await stage.creates(owner, f"Call with {customer}", when, location="Video")
        await stage.shares(owner, call, **{guest: "editor"})
        await stage.changes(guest, call, Revision(change=EventChange(description=f"Questions of {customer}")))
    for weeks, who in ((1, "dev"), (3, "chloe")):
        away = await stage.creates(who, f"{_PEOPLE[who]} is away", (stage.day(weeks, 0), stage.day(weeks, 5)))
        await stage.shares(who, away, ana="viewer", ben="viewer")


async def _work_at_once(stage: _Stage) -> None:
    """Two people edit one event at the same time: once it merges, once it cannot, and then one thinks again."""
    launch = await stage.creates(
        "ana", "Launch", _at(stage.day(2, 3), 10, minutes=120), description="Agenda\n\nDemo\n\nQuestions"
    )
    await stage.shares("ana", launch, ben="editor", chloe="editor", dev="viewer")
    to_demo = EventChange(description="Agenda\n\nDemo by Ben\n\nQuestions", location="Hall")
    await stage.changes("ben", launch, Revision(change=to_demo, base_version=1))
    to_questions = EventChange(description="Agenda\n\nDemo\n\nQuestions from the press")
    await stage.changes("chloe", launch, Revision(change=to_questions, base_version=1))
    await stage.changes("ana", launch, Revision(change=EventChange(title="Launch of 2.0"), base_version=3))
    try:
        await stage.changes("ben", launch, Revision(change=EventChange(title="Release party"), base_version=3))
    except EditConflict:
        await stage.changes("ben", launch, Revision(change=EventChange(location="Garden"), description="it is warm"))
    await stage.rolls_back("ana", launch, 4, "location")
