"""Pages: an opaque cursor says after which entry the next page begins; `Link` names it (RFC 8288).

A cursor names a place in the order, not a number of entries to skip: pages stay stable while rows are inserted.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from functools import cached_property
from hashlib import blake2b
from types import UnionType
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

import orjson
from fastapi import Depends, Query, Request, Response

from convene.api.answers import written
from convene.api.fields import DIGITS
from convene.domain.errors import Invalid

LIMIT = 50
LIMIT_MAX = 200
BYTES_MAX = 1_048_576
CURSOR_MAX = 300
_Row = TypeVar("_Row")
CursorValues = list[str | int | None]


def encode_cursor(place: Sequence[Any]) -> str:
    """Write a place as a cursor: opaque to clients."""
    return base64.urlsafe_b64encode(orjson.dumps(list(place))).rstrip(b"=").decode()


def decode_cursor(cursor: str, *types: type | UnionType, name: str, of: str | None = None) -> CursorValues:
    """Read a cursor.

    Args:
        types: of the parts of the place.
        name: of the parameter, for the error.
        of: what the first part must be, to be a cursor of this list and no other.

    Raises:
        Invalid: the cursor was not written by `encode_cursor` for such a place.
    """
    refusal = Invalid.at(name, "is not a cursor of this list")
    try:
        place = orjson.loads(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=="))
    except ValueError as error:
        raise refusal from error
    if not isinstance(place, list) or len(place) != len(types) or (of is not None and place[0] != of):
        raise refusal
    if any(isinstance(part, bool) or not isinstance(part, kind) for part, kind in zip(place, types, strict=True)):
        raise refusal
    return place


class Page:
    """Which page was asked for."""

    def __init__(self, request: Request, limit: int, cursor: str | None) -> None:
        self._request = request
        self.limit = limit
        self._cursor = cursor

    @cached_property
    def _list(self) -> str:
        """A cursor names its list: a place in one means nothing in another, and would give a wrong page there.

        With other filters it is another list. Worked out when there is a cursor: it costs a twentieth of a list of 50.
        """
        return self._request.url.path + _filters(self._request)

    def after(self, *types: type | UnionType) -> CursorValues | None:
        """The place after which the page begins, None for the first page.

        Args:
            types: of the parts of a place.

        Raises:
            Invalid: the cursor is not one of this list's.
        """
        if self._cursor is None:
            return None
        return decode_cursor(self._cursor, str, *types, name="?cursor", of=self._list)[1:]

    def refuse_cursor(self, other: str) -> None:
        """Refuse a cursor where another parameter says already where to begin.

        Raises:
            Invalid: there is one.
        """
        if self._cursor is not None:
            raise Invalid.at("?cursor", f"cannot be sent together with {other}")

    def respond(
        self,
        rows: Sequence[_Row],
        represent: Callable[[_Row], Any],
        place: Callable[[_Row], Sequence[Any]],
        *,
        looked_until: Sequence[Any] | None = None,
    ) -> Response:
        """Answer with a page; `rows` may hold one more than the limit, which says that there is a next page.

        What `represent` gives as bytes is JSON already.
        With `looked_until`, a place, there may be one although these are all the rows that were found.

        A page that would be longer than `BYTES_MAX` ends earlier, though never before its first entry.
        """
        headers = {}
        entries = _written(rows[: self.limit], represent)
        last = place(rows[len(entries) - 1]) if len(rows) > len(entries) else looked_until
        if last is not None:
            cursor = encode_cursor([self._list, *last])
            asked = [(key, value) for key, value in self._request.query_params.multi_items() if key != "cursor"]
            query = urlencode([*asked, ("cursor", cursor)])
            headers["Link"] = f'<{self._request.url.path}?{query}>; rel="next"'
        return Response(b"[" + b",".join(entries) + b"]", 200, headers, "application/json")


def _filters(request: Request) -> str:
    """A mark of what a list is asked for, "" for all of it."""
    asked = sorted(pair for pair in request.query_params.multi_items() if pair[0] not in {"cursor", "limit"})
    return f"?{blake2b(urlencode(asked).encode(), digest_size=6).hexdigest()}" if asked else ""


def _written(rows: Sequence[_Row], represent: Callable[[_Row], Any]) -> list[bytes]:
    entries: list[bytes] = []
    length = 2
    for row in rows:
        represented = represent(row)
        entry = represented if isinstance(represented, bytes) else written(represented)
        length += len(entry) + 1
        if entries and length > BYTES_MAX:
            break
        entries.append(entry)
    return entries


async def _page(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX, description="How many entries at most."), DIGITS] = LIMIT,
    cursor: Annotated[
        str | None, Query(max_length=CURSOR_MAX, description="From the `Link` header of the page before.")
    ] = None,
) -> Page:
    return Page(request, limit, cursor)


AskedPage = Annotated[Page, Depends(_page)]
