"""What goes wrong at PostgreSQL, and what it is called here."""

from __future__ import annotations

from types import TracebackType

import asyncpg

from convene.domain.errors import Unavailable
from convene.storage.errors import Duplicate

# What happened, and what it is called; the first that fits, since some are kinds of others (TimeoutError of OSError).
_REASONS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError), "database_locked"),
    ((TimeoutError, asyncpg.QueryCanceledError, asyncpg.IdleInTransactionSessionTimeoutError), "database_busy"),
    ((asyncpg.DiskFullError, asyncpg.PostgresIOError, asyncpg.ReadOnlySQLTransactionError), "database_not_writable"),
    ((asyncpg.DataCorruptedError, asyncpg.IndexCorruptedError), "database_damaged"),
    (
        (
            asyncpg.PostgresConnectionError,
            asyncpg.OperatorInterventionError,
            asyncpg.InsufficientResourcesError,
            asyncpg.InvalidCatalogNameError,
            asyncpg.ObjectNotInPrerequisiteStateError,  # of a database that takes no connections for now
            asyncpg.InvalidAuthorizationSpecificationError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,  # what asyncpg makes of a server's farewell that crosses with a statement
            OSError,
        ),
        "database_down",
    ),
)


class _Translation:
    """Around whatever asks the server: raises its errors as ours. One for all; a generator would cost as each time."""

    __slots__ = ()

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None:
            return
        if isinstance(error, asyncpg.UniqueViolationError):
            raise Duplicate(f"{error.constraint_name}") from error
        if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError | asyncpg.InternalClientError | OSError):
            for kinds, reason in _REASONS:
                if isinstance(error, kinds):
                    raise Unavailable(reason) from error


translated = _Translation()
