"""Events and entries of lists as they were written before: a version never changes, so neither does what is answered.

Whoever looks at a calendar reads the same month again and again, in the page at each change of anything in it. A list
of 50 that was written before takes 0.8 of the CPU of one that was not, an event 0.9 (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from convene.api.answers import written
from convene.api.representation import entry_json
from convene.operations.agenda import Entry

#: Of all that is remembered, together; about 5,000 entries of usual length.
BYTES_MAX = 4 * 2**20
#: What is longer is written each time: a description of 64 KiB is not worth a hundred usual entries.
ENTRY_MAX = 4 * 2**10
_OVERHEAD = 400  # of the key and the dictionary, an entry

_Key = tuple[int, str, int, datetime, datetime, datetime, int, str, int | None, int | None, datetime | None]


class Remembered:
    """Written entries, by all that they depend on; what was not asked for lately is forgotten first.

    There are two halves: what is asked for is in the younger one, and when that is full it becomes the older one, which
    is thrown away as a whole.
    """

    __slots__ = ("_bytes", "_older", "_write", "_younger")

    def __init__(self, write: Callable[[Entry], bytes]) -> None:
        self._write = write
        self._younger: dict[_Key, bytes] = {}
        self._older: dict[_Key, bytes] = {}
        self._bytes = 0

    def __call__(self, entry: Entry) -> bytes:
        """Give an entry of the newest version of its event."""
        key = _key(entry)
        found = self._younger.get(key)
        if found is None:
            found = self._older.get(key) or self._write(entry)
            if len(found) <= ENTRY_MAX:
                self._keep(key, found)
        return found

    def _keep(self, key: _Key, found: bytes) -> None:
        size = len(found) + _OVERHEAD
        self._bytes += size
        if self._bytes > BYTES_MAX / 2:
            self._older, self._younger, self._bytes = self._younger, {}, size
        self._younger[key] = found


def _key(entry: Entry) -> _Key:
    """All that an entry depends on.

    A copy that was restored has other versions: their times tell them apart. And where the rules of a zone have
    changed, a version happens at another time than before.
    """
    head, occurrence = entry
    return (
        head.id,
        head.uid,
        head.version,
        head.updated_at,
        head.start_time,
        head.end_time,
        head.calendar_id,
        head.role,
        head.split_from_seen,
        head.continued_by_seen,
        occurrence.recurrence_id if occurrence else None,
    )


#: What all lists and readers of single events share. An event by itself is written as a list would have it.
written_entry = Remembered(lambda entry: written(entry_json(entry)))
