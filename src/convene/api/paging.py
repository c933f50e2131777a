"""Pages: an opaque cursor says after which entry the next page begins; `Link` names it (RFC 8288).

A cursor names a place in the order, not a number of entries to skip: pages stay stable while rows are inserted.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

import orjson
from fastapi import Depends, Query, Request, Response

from convene.domain.errors import Invalid

LIMIT = 50
LIMIT_MAX = 200
BYTES_MAX = 1_048_576
CURSOR_MAX = 300
_Row = TypeVar("_Row")
Place = list[str | int | None]


class Page:
    """Which page was asked for."""

    def __init__(self, request: Request, limit: int, cursor: str | None) -> None:
        self._request = request
        self.limit = limit
        self._cursor = cursor

    def after(self, *types: type) -> Place | None:
        """The place after which the page begins, None for the first page.

        Args:
            types: of the parts of a place; a part may be None where `type(None)` is among them is not needed.

        Raises:
            Invalid: the cursor is not one of this list's.

        """
        if self._cursor is None:
            return None
        try:
            place = orjson.loads(base64.urlsafe_b64decode(self._cursor.encode("ascii") + b"=="))
        except (UnicodeEncodeError, binascii.Error, orjson.JSONDecodeError, ValueError) as error:
            raise Invalid.at("?cursor", "is not a cursor of this list") from error
        fits = isinstance(place, list) and len(place) == len(types)
        if not fits or any(
            type(part) is not kind and part is not None for part, kind in zip(place, types, strict=True)
        ):
            raise Invalid.at("?cursor", "is not a cursor of this list")
        return list(place)

    def respond(
        self, rows: Sequence[_Row], represent: Callable[[_Row], Any], place: Callable[[_Row], Sequence[Any]]
    ) -> Response:
        """Answer with a page; `rows` may hold one more than the limit, which says that there is a next page.

        A page that would be longer than `BYTES_MAX` ends earlier, though never before its first entry.
        """
        headers = {}
        entries = _written(rows[: self.limit], represent)
        if len(rows) > len(entries):
            rows = rows[: len(entries)]
            cursor = base64.urlsafe_b64encode(orjson.dumps(list(place(rows[-1])))).rstrip(b"=").decode()
            asked = [(key, value) for key, value in self._request.query_params.multi_items() if key != "cursor"]
            query = urlencode([*asked, ("cursor", cursor)])
            headers["Link"] = f'<{self._request.url.path}?{query}>; rel="next"'
        return Response(b"[" + b",".join(entries) + b"]", 200, headers, "application/json")


def _written(rows: Sequence[_Row], represent: Callable[[_Row], Any]) -> list[bytes]:
    entries: list[bytes] = []
    length = 2
    for row in rows:
        entry = orjson.dumps(represent(row))
        length += len(entry) + 1
        if entries and length > BYTES_MAX:
            break
        entries.append(entry)
    return entries


async def _page(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX, description="How many entries at most.")] = LIMIT,
    cursor: Annotated[
        str | None, Query(max_length=CURSOR_MAX, description="From the `Link` header of the page before.")
    ] = None,
) -> Page:
    return Page(request, limit, cursor)


AskedPage = Annotated[Page, Depends(_page)]
