"""What each class of errors looks like from outside: its status, type, title, and what the error itself knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from convene.api.representation import batch_clash_json, busy_json, free_json
from convene.domain import errors
from convene.domain.atoms import conflict_json
from convene.domain.fields import field_view
from convene.domain.zones import utc_rfc3339
from convene.storage.errors import Duplicate

FAULTS_MAX = 100

Members = dict[str, Any]


class Kind(NamedTuple):
    """What a class of errors looks like from outside; `members` adds what the error itself knows."""

    status: int
    slug: str
    title: str
    members: Callable[[Any], Members] = lambda _error: {}


def _faults(error: errors.Invalid) -> Members:
    found = [{"pointer": fault.pointer, "detail": fault.detail} for fault in error.faults[:FAULTS_MAX]]
    return {"detail": _sentence(error.faults), "errors": found}


def _sentence(faults: tuple[errors.Fault, ...]) -> str:
    first = f"{faults[0].pointer} {faults[0].detail}".strip()
    return first if len(faults) == 1 else f"{first}; and {len(faults) - 1} more"


def _edit_conflict(error: errors.EditConflict) -> Members:
    return {
        "detail": "somebody else has changed the same: " + ", ".join(one.atom for one in error.conflicts),
        "event_id": error.event_id,
        "base_version": error.base_version,
        "current_version": error.current_version,
        "conflicts": [conflict_json(one) for one in error.conflicts],
        "merged": field_view(error.merged),
        "shelf_id": error.shelf_id,
    }


def _schedule_conflict(error: errors.ScheduleConflict) -> Members:
    clash = error.clash
    return {
        "detail": "the time is taken; its owner may book it all the same with on_conflict=allow",
        "conflicts": [busy_json(one) for one in clash.conflicts],
        "more": clash.more,
        "nearest_free": [free_json(slot) for slot in clash.nearest_free],
        "checked_until": utc_rfc3339(clash.checked_until),
    }


def _batch_conflict(error: errors.BatchConflict) -> Members:
    return {
        "detail": "the time of some events is taken; send on_conflict=allow to book it all the same",
        "conflicts": [batch_clash_json(one) for one in error.clashes],
        "more": error.more,
        "checked_until": utc_rfc3339(error.checked_until),
    }


_UNAVAILABLE = {
    "database_down": "the database does not answer",
    "database_closed": "the server is stopping",
    "database_locked": "the database was locked for too long; try again",
    "database_busy": "the database did not answer in time; try again",
    "database_not_writable": "the database cannot be written; its disk may be full",
    "database_damaged": "the database is damaged",
    "database_replaced": "the database's file was replaced; restart the server",
    "event_moved": "the event was changed in the same moment; try again",
}

KINDS: Mapping[type[errors.ConveneError], Kind] = {
    errors.Invalid: Kind(422, "invalid", "The request makes no sense", _faults),
    errors.NotAuthenticated: Kind(401, "not-authenticated", "Sign in first"),
    errors.BadCredentials: Kind(
        401,
        "bad-credentials",
        "Wrong name or password",
        lambda _e: {"detail": "the name or the password is wrong"},
    ),
    errors.BadToken: Kind(
        401,
        "bad-token",
        "The token is not good",
        lambda e: {"detail": f"token: {e.reason}", "reason": e.reason},
    ),
    errors.Forbidden: Kind(403, "forbidden", "You may not do this"),
    errors.RoleTooLow: Kind(
        403,
        "role-too-low",
        "Your role does not allow this",
        lambda e: {"detail": f"needs {e.needed}, you are {e.actual}", "needed": e.needed, "actual": e.actual},
    ),
    errors.RegistrationClosed: Kind(
        403,
        "registration-closed",
        "Nobody can sign up here",
        lambda _e: {"detail": "registration is closed; ask whoever runs this server for an account"},
    ),
    errors.NotFound: Kind(
        404, "not-found", "Not found", lambda e: {"detail": f"there is no such {e.kind}", "kind": e.kind}
    ),
    errors.Conflict: Kind(409, "conflict", "It clashes with the present state"),
    errors.NameTaken: Kind(
        409,
        "name-taken",
        "The name is taken",
        lambda e: {"detail": f"the {e.field} is taken", "field": e.field},
    ),
    errors.EditConflict: Kind(409, "edit-conflict", "The edits cannot be merged", _edit_conflict),
    errors.ScheduleConflict: Kind(409, "schedule-conflict", "The time is taken", _schedule_conflict),
    errors.BatchConflict: Kind(409, "schedule-conflict", "The time is taken", _batch_conflict),
    errors.NotPossibleNow: Kind(
        409,
        "not-possible",
        "Not possible as things stand",
        lambda e: {"detail": e.detail, "reason": e.reason},
    ),
    errors.StillRunning: Kind(
        409,
        "still-running",
        "The same request is at work",
        lambda _e: {"detail": "a request with this Idempotency-Key has not been answered yet; send it again later"},
    ),
    errors.KeyReused: Kind(
        422,
        "key-reused",
        "The key belongs to another request",
        lambda _e: {"detail": "this Idempotency-Key was used for another request; make a new one for each"},
    ),
    errors.Gone: Kind(
        410,
        "cursor-gone",
        "The cursor is too old",
        lambda _e: {"detail": "what came after this cursor is not kept any more; begin again without one"},
    ),
    errors.PreconditionFailed: Kind(
        412,
        "precondition-failed",
        "It has been changed meanwhile",
        lambda e: {
            "detail": f"the newest version is {e.current_version}",
            "current_version": e.current_version,
        },
    ),
    errors.TooOften: Kind(
        429,
        "quota-exceeded",
        "Too many requests",
        lambda e: {"detail": f"ask again in {e.seconds} s", "violated-policies": [e.quota]},
    ),
    errors.TooMuch: Kind(
        422,
        "too-much",
        "Too much at once",
        lambda e: {"detail": f"at most {e.limit} {e.what}", "limit": e.limit},
    ),
    errors.AgendaTooFull: Kind(
        422,
        "too-much",
        "Too much at once",
        lambda _e: {"detail": "the owner's calendar is too full to be compared; the owner may send on_conflict=allow"},
    ),
    errors.Unavailable: Kind(
        503,
        "unavailable",
        "Not available now",
        lambda e: {"detail": _UNAVAILABLE.get(e.reason, "not available now"), "reason": e.reason},
    ),
    # Operations say what a duplicate key means; one that they did not expect is a clash all the same.
    Duplicate: Kind(409, "duplicate", "It is there already"),
    errors.ConveneError: Kind(500, "internal-error", "Something went wrong"),
}


def kind_of(error: errors.ConveneError) -> Kind:
    """The entry of the nearest class of an error that is in the table."""
    return next(KINDS[cls] for cls in type(error).__mro__ if cls in KINDS)
