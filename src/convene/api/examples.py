"""Examples of request bodies for the OpenAPI document; the tests send each of them and it has to succeed.

They belong together: `ben` and `carla` (whose id is 2) are people to share with.
"""

from __future__ import annotations

from typing import Any

Examples = dict[str, Any]
_PASSWORD = "correct horse battery staple"  # noqa: S105 - an example


def _named(summary: str, value: object) -> Examples:
    return {"summary": summary, "value": value}


# -- accounts ------------------------------------------------------------------------------------------------

_REGISTER = {
    "account": _named(
        "A new account",
        {
            "username": "dora",
            "email": "dora@example.com",
            "password": _PASSWORD,
            "display_name": "Dora",
            "time_zone": "Europe/Berlin",
        },
    )
}
_LOGIN = {
    "username": _named("With a username", {"username": "ben", "password": _PASSWORD}),
    "address": _named("With an e-mail address", {"email": "ben@example.com", "password": _PASSWORD}),
}
_REFRESH = {"token": _named("With the token from signing in", {"refresh_token": "eyJhbGciOiJIUzI1NiJ9..."})}
_PROFILE = {
    "zone": _named("Move to another time zone", {"time_zone": "America/New_York"}),
    "name": _named("Take the display name away", {"display_name": None}),
}
_PASSWORD_CHANGE = {
    "new": _named("A new password", {"current_password": _PASSWORD, "new_password": "another horse, another battery"})
}

# -- events --------------------------------------------------------------------------------------------------

_MEETING = {
    "title": "Planning",
    "start_time": "2027-03-01T09:00:00+01:00",
    "end_time": "2027-03-01T10:00:00+01:00",
    "location": "Room 4",
}
_OFFSITE = {"title": "Offsite", "start_time": "2027-05-10", "end_time": "2027-05-13", "all_day": True}
_STANDUP = {
    "title": "Stand-up",
    "start_time": "2027-03-01T09:15:00",
    "end_time": "2027-03-01T09:30:00",
    "time_zone": "Europe/Berlin",
    "recurrence_pattern": {"frequency": "weekly", "byDay": [{"day": "mo"}, {"day": "we"}], "until": "2027-06-30"},
}
_CREATE = {
    "meeting": _named("A meeting", _MEETING),
    "wall time": _named(
        "By the clocks of a place",
        {
            "title": "Call with Tokyo",
            "start_time": "2027-03-02T10:00:00",
            "end_time": "2027-03-02T10:30:00",
            "time_zone": "Asia/Tokyo",
            "status": "tentative",
            "tags": ["sales"],
        },
    ),
    "all day": _named("Three whole days; the end is exclusive", _OFFSITE),
    "series": _named("A series, Mondays and Wednesdays until the end of June", _STANDUP),
    "rrule": _named(
        "A series as an RRULE: the last Friday of each month",
        {
            "title": "Retrospective",
            "start_time": "2027-03-26T15:00:00",
            "end_time": "2027-03-26T16:00:00",
            "time_zone": "Europe/Berlin",
            "recurrence_pattern": "FREQ=MONTHLY;BYDAY=-1FR;COUNT=12",
        },
    ),
}
_BATCH = {
    "events": _named("Two events, both or none", {"events": [_MEETING, _OFFSITE]}),
    "array": _named("The same as a bare array", [_MEETING, _OFFSITE]),
}
_CHANGE = {
    "rename": _named("Only the title; the rest stays", {"title": "Planning, part two"}),
    "clear": _named("Clear the location and the description", {"location": None, "description": None}),
    "move": _named(
        "Another time", {"start_time": "2027-03-01T14:00:00+01:00", "end_time": "2027-03-01T15:30:00+01:00"}
    ),
    "merge": _named(
        "Merge with whatever has happened since version 1",
        {"base_version": 1, "location": "Room 7", "change_description": "Room 4 is too small"},
    ),
    "repeat": _named("Make it a series", {"recurrence_pattern": {"frequency": "daily", "count": 5}}),
    "cancel": _named("Call it off; its time is free again", {"status": "cancelled"}),
}
_CHECK = {
    **_CREATE,
    "move": _named(
        "What would be in the way if event 1 were at another time",
        {"event_id": 1, "start_time": "2027-03-01T14:00:00+01:00", "end_time": "2027-03-01T15:30:00+01:00"},
    ),
}
_ROLLBACK = {
    "all": _named("Everything as it was", {}),
    "some": _named("Only some fields", {"fields": ["title", "location"]}),
}

# -- sharing -------------------------------------------------------------------------------------------------

_SHARE = {
    "username": _named("With one person, by name", {"username": "ben", "role": "editor"}),
    "address": _named("With one person, by e-mail address", {"email": "ben@example.com", "role": "viewer"}),
    "people": _named(
        "With many, all or none",
        {"users": [{"username": "ben", "role": "editor"}, {"user_id": 2, "role": "viewer"}]},
    ),
    "array": _named("As a bare array", [{"username": "ben", "role": "viewer"}, {"user_id": 2, "role": "viewer"}]),
}
_ROLE = {"editor": _named("Let somebody edit", {"role": "editor"})}
_TRANSFER = {"person": _named("To a collaborator", {"user_id": 2})}

_CALENDAR = {
    "colour": _named("Another colour; the name stays", {"color": "#3366ff"}),
    "both": _named("Another name, and no colour of its own", {"name": "Work", "color": None}),
}

_READ = {"all": _named("All that there are", {}), "seen": _named("Up to one that was seen", {"up_to": 12})}
_PREFERENCES = {
    "quiet": _named("No e-mail about changes", {"kinds": {"changed": {"live": True, "email": False}}}),
}

_DIGEST = {
    "morning": _named("At seven in Berlin", {"hour": 7, "time_zone": "Europe/Berlin"}),
    "default": _named("At seven in one's own zone", {}),
}

_WEBHOOK = {
    "some": _named(
        "Only what was shared and what changed",
        {"url": "https://hooks.invalid/convene", "kinds": ["shared", "changed"]},
    ),
    "all": _named("Everything", {"url": "https://hooks.invalid/convene"}),
}
_WEBHOOK_CHANGE = {
    "off": _named("Switch it off", {"active": False}),
    "all": _named("Hear everything", {"kinds": None}),
}

_REMINDERS = {
    "two": _named("A day and ten minutes before", {"minutes": [1440, 10]}),
    "none": _named("None", {"minutes": []}),
}

#: By operation id.
EXAMPLES: dict[str, Examples] = {
    "register": _REGISTER,
    "log_in": _LOGIN,
    "refresh": _REFRESH,
    "change_me": _PROFILE,
    "change_password": _PASSWORD_CHANGE,
    "create_event": _CREATE,
    "create_events": _BATCH,
    "check_event": _CHECK,
    "change_event": _CHANGE,
    "merge_event": _CHANGE,
    "roll_back_event": _ROLLBACK,
    "share_event": _SHARE,
    "change_permission": _ROLE,
    "transfer_event": _TRANSFER,
    "change_calendar": _CALENDAR,
    "read_notifications": _READ,
    "change_preferences": _PREFERENCES,
    "create_webhook": _WEBHOOK,
    "change_webhook": _WEBHOOK_CHANGE,
    "set_reminders": _REMINDERS,
    "ask_for_digest": _DIGEST,
}
