"""Every error that the domain and the operations raise, as data; no HTTP and no sentences for people in sight.

The tree::

    ConveneError
    ├── Invalid                     what was sent cannot be (names the fields)
    ├── NotAuthenticated            who is asking is not known
    │   ├── BadCredentials          wrong name or password, or the account is switched off
    │   └── BadToken                no token, or one that is malformed, expired, revoked or of another kind
    ├── Forbidden                   known, sees the thing, and may not do this
    │   ├── RoleTooLow
    │   └── RegistrationClosed      nobody makes an account here but the operator
    ├── NotFound                    does not exist, or the caller must not learn that it does
    ├── Conflict                    clashes with the present state
    │   ├── NameTaken               a username or an e-mail address belongs to somebody else
    │   ├── EditConflict            two edits of one atom that cannot be merged
    │   ├── ScheduleConflict        an accepted booking would overlap another
    │   ├── BatchConflict           bookings of a batch would overlap others, or each other
    │   ├── StillRunning            the same request under the same Idempotency-Key is at work
    │   └── NotPossibleNow          any other state that forbids it (`reason` is a stable code)
    ├── Gone                        a cursor reaches further back than is kept, or belongs to another database
    ├── PreconditionFailed          If-Match names a version that is not the newest
    ├── KeyReused                   an Idempotency-Key that belongs to another request
    ├── TooOften                    asked more often than a quota allows; ask again later
    ├── TooMuch                     more than can be answered at once; ask for less
    │   └── AgendaTooFull           the owner has too much in the time of a booking for it to be compared
    └── Unavailable                 the database is away, locked, full or broken

`api.problem_kinds` has one table from these classes to RFC 9457 problems; a test proves that it names them all.
None of them is a `ValueError`: Pydantic would swallow it and call it a fault of the input.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convene.domain.conflicts import Busy, ScheduleClash
    from convene.domain.content import EventContent
    from convene.domain.merge import AtomConflict
    from convene.domain.roles import Role


class ConveneError(Exception):
    """The root: catching it catches what Convene itself decided to refuse."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with what was sent: `pointer` is a JSON Pointer (RFC 6901) into the body, or `?name`."""

    pointer: str
    detail: str


class Invalid(ConveneError):
    """What was sent cannot be; every fault names its place."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(faults)
        self.faults = faults

    @classmethod
    def at(cls, pointer: str, detail: str) -> Invalid:
        """Say one fault."""
        return cls(Fault(pointer, detail))

    def below(self, prefix: str) -> Invalid:
        """The same faults, one level further down: `/events/3` before each pointer."""
        return Invalid(*(Fault(prefix + fault.pointer, fault.detail) for fault in self.faults))


class NotAuthenticated(ConveneError):
    """Who is asking is not known."""


class BadCredentials(NotAuthenticated):
    """Wrong name, wrong password, or an account that is switched off: the caller cannot tell which."""


class BadToken(NotAuthenticated):
    """No token, or one that is malformed, expired, revoked or made for something else."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Forbidden(ConveneError):
    """The caller is known and sees the thing, but may not do this."""


class RoleTooLow(Forbidden):
    """The caller's role on an event does not allow this."""

    def __init__(self, *, needed: Role, actual: Role) -> None:
        super().__init__(needed, actual)
        self.needed = needed
        self.actual = actual


class RegistrationClosed(Forbidden):
    """Nobody makes an account by themselves here: the operator does it for them."""


class NotFound(ConveneError):
    """`kind` (event, version, user, session...) with `key` does not exist as far as the caller may know."""

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(kind, key)
        self.kind = kind
        self.key = key


class Conflict(ConveneError):
    """Clashes with the present state of things."""


class NameTaken(Conflict):
    """`field` (username or email) belongs to somebody else, compared without regard to case."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class EditConflict(Conflict):
    """Two edits touched one atom in ways that cannot be merged; nothing was written to the event.

    `event_id` is the event whose newest content clashes: the one that was edited, or a later half of it. `merged` is
    what would have gone through there: every change of both sides that does not clash, with theirs where it does.
    `shelf_id` says where the losing side is kept for its author, once it has been put there.
    """

    def __init__(
        self,
        *,
        event_id: int,
        base_version: int,
        current_version: int,
        conflicts: tuple[AtomConflict, ...],
        merged: EventContent,
        ours: EventContent,
    ) -> None:
        super().__init__(event_id, base_version, current_version, conflicts)
        self.event_id = event_id
        self.base_version = base_version
        self.current_version = current_version
        self.conflicts = conflicts
        self.merged = merged
        self.ours = ours
        self.shelf_id: int | None = None


class ScheduleConflict(Conflict):
    """The booking would overlap busy time of the same owner."""

    def __init__(self, clash: ScheduleClash) -> None:
        super().__init__(clash)
        self.clash = clash


@dataclass(frozen=True, slots=True)
class BatchClash:
    """One clash in a batch: `index` is the place of the event, `other_index` that of the one in its way, if any."""

    index: int
    other: Busy
    other_index: int | None


class BatchConflict(Conflict):
    """Bookings of a batch would overlap busy time of the owner, or each other; nothing was written."""

    def __init__(self, clashes: tuple[BatchClash, ...], *, more: bool, checked_until: datetime) -> None:
        super().__init__(clashes, more, checked_until)
        self.clashes = clashes
        self.more = more
        self.checked_until = checked_until


class NotPossibleNow(Conflict):
    """The state of things forbids it; `reason` is a stable code, `detail` says it to a person."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


class Gone(ConveneError):
    """A cursor that was good once: what came after it is not kept any more, or the database was replaced."""


class PreconditionFailed(ConveneError):
    """If-Match named a version that is not the newest (RFC 9110, 13.1.1)."""

    def __init__(self, current_version: int) -> None:
        super().__init__(current_version)
        self.current_version = current_version


class StillRunning(Conflict):
    """The same request under the same Idempotency-Key is at work; its answer can be had in a moment."""


class KeyReused(ConveneError):
    """An Idempotency-Key was used before, for another request."""


class TooOften(ConveneError):
    """Asked more often than the quota of this name allows; it is whole again after so many seconds."""

    def __init__(self, quota: str, seconds: int) -> None:
        super().__init__(quota, seconds)
        self.quota = quota
        self.seconds = seconds


class TooMuch(ConveneError):
    """More than can be answered at once: `what` exceeds `limit`; never a silent cut."""

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(what, limit)
        self.what = what
        self.limit = limit


class AgendaTooFull(TooMuch):
    """The owner's calendar holds too much in the time of a booking to be compared with it; nothing was written."""

    def __init__(self, limit: int) -> None:
        super().__init__("occurrences to compare", limit)


class Unavailable(ConveneError):
    """The database is away, locked for too long, full or broken; `reason` is a stable code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
