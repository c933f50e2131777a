"""Request bodies as they come: which kinds are read, and JSON in which nothing gets lost.

Python's JSON reader takes the last of two members of one name, numbers that JSON does not know, and UTF-16; RFC 8259
leaves the first open and forbids the others. Here what was said twice is refused with its place, because one of the
two would be lost silently.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, NoReturn

import orjson
from fastapi import Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from convene.domain.errors import Fault, Invalid

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

#: The largest batch has fewer values; a megabyte of the smallest ones would take seconds, and memory without end.
VALUES_MAX = 100_000
#: The members of one object. A series has at most 1,000 overrides.
MEMBERS_MAX = 2_000

_MEMBER_BYTES = 5
#: What single events are written in.
_SMALL = 4096
_BLANKS = b" \t\n\r"
#: Fewer brackets than Python's own reader can be in each other, however deep in calls it is asked.
_BRACKETS_MAX = 200
#: How names end after so many backslashes, and with which sign they count. A name with more than the last is counted
#: whatever it is: it is too long for a body to have many of them.
_ENDS = tuple((b"\\" * backslashes + b'":', -1 if backslashes % 2 else 1) for backslashes in range(19))

#: What most clients write, and nothing else: as it stands in a header.
JSON = b"application/json"
MERGE_PATCH = "application/merge-patch+json"
JSON_KINDS = frozenset(("application/json", MERGE_PATCH))
FORM_KINDS = frozenset(("application/x-www-form-urlencoded", "multipart/form-data"))


def media_type(header: str) -> str:
    """The kind that a Content-Type names, without its parameters."""
    return header.partition(";")[0].strip().lower()


class _Receiving:
    """Around whatever waits for a body: 400, whoever was sending it has gone away."""

    __slots__ = ()

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if isinstance(error, ClientDisconnect):
            raise HTTPException(400, "the body did not come to its end") from error


receiving = _Receiving()


class PlainRequest(Request):
    """A request whose body is taken as it comes; Starlette makes a generator of it first, and a list of that."""

    @property
    def was_taken(self) -> bool:
        """Whether all of the body has come."""
        return hasattr(self, "_body")

    async def body(self) -> bytes:
        """All of the body.

        Raises:
            ClientDisconnect: it did not come to its end.
        """
        if not self.was_taken:
            parts, more = [], True
            while more:
                message = await self.receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                parts.append(message.get("body", b""))
                more = message.get("more_body", False)
            self._body = b"".join(parts)
        return self._body


def read_json(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Read a body.

    Raises:
        HTTPException: 400, it is no JSON text in UTF-8, or nested too deeply.
        Invalid: an object has two members of one name; there are too many of them.
    """
    if len(body) <= _SMALL and (plain := _read_plain(body)) is not None:
        return plain
    if len(body) > VALUES_MAX * _MEMBER_BYTES:  # an object is read as a whole before anybody can count its members
        refuse_crowds(_members_in(body), 0)
    seen = _Members()
    try:
        value = json.loads(body.decode("utf-8-sig"), object_pairs_hook=seen.collect, parse_constant=_refuse_constant)
    except ValueError as error:  # of numbers with thousands of digits, too
        raise HTTPException(400, f"the body is not JSON: {_reason(error)}") from error
    except RecursionError as error:
        raise HTTPException(400, "the body is nested too deeply") from error
    if seen.twice:
        raise Invalid(*(Fault(place, "is there twice") for place in _places(value, seen.twice)))
    return value


def _read_plain(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Read what there is no doubt about by orjson, in two thirds of the time; None for what there is.

    It reads nothing that JSON does not have; but of two members of one name it takes the last, and of a whole number
    with many digits what a float can hold. So as many members must have been read as there can be, and no float. It
    reads what is nested more deeply than Python's reader does, which nothing behind it is prepared for.
    """
    if body.count(b"[") + body.count(b"{") > _BRACKETS_MAX:
        return None
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    found, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            found += len(one)
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, float):
            return None
    return value if found == _members_in(body) else None


def _reason(error: ValueError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not in UTF-8"
    if isinstance(error, json.JSONDecodeError | _NoNumber):
        return str(error)
    return "a number has too many digits"


class _NoNumber(ValueError):
    pass


def _refuse_constant(name: str) -> NoReturn:
    raise _NoNumber(f"{name} is not a number there")


def refuse_crowds(values: int, members: int) -> None:
    """Refuse a body with more values, or with more members of one object, than any has that makes sense.

    Raises:
        Invalid: it has more.
    """
    if members > MEMBERS_MAX:
        raise Invalid.at("", f"an object in it has {members} members; at most {MEMBERS_MAX} are possible")
    if values > VALUES_MAX:
        raise Invalid.at("", f"has more than {VALUES_MAX} values")


def _members_in(body: bytes) -> int:
    """Count the members of all objects in JSON without reading it: quotation marks before a colon, if not escaped.

    Never too few; text that begins with a colon counts as well, and what ends in very many backslashes. Escaped is what
    stands behind an odd number of them. A regular expression that counts the same takes seconds for a body of quotation
    marks.
    """
    dense, found = body.translate(None, _BLANKS), 0
    for end, sign in _ENDS:
        if not (number := dense.count(end)):
            break
        found += sign * number
    return found


class _Twice:
    """Stands in the place of a member whose name is there twice, until the place is known."""


class _Members:
    """Makes objects of members, and remembers those that are there twice."""

    def __init__(self) -> None:
        self.twice: list[_Twice] = []
        self._count = 0

    def collect(self, members: list[tuple[str, Any]]) -> dict[str, Any]:
        self._count += 1 + len(members)
        refuse_crowds(self._count, len(members))
        made = dict(members)
        if len(made) < len(members):
            names = set[str]()
            for name, _ in members:
                if name in names and not isinstance(made[name], _Twice):
                    made[name] = _Twice()
                    self.twice.append(made[name])
                names.add(name)
        return made


def _places(value: Any, twice: list[_Twice]) -> list[str]:  # noqa: ANN401 - any JSON value
    """Find where members are that are there twice, as JSON Pointers, in no order."""
    places: list[str] = []
    coming: list[tuple[str, Any]] = [("", value)]
    while coming and len(places) < len(twice):
        place, value = coming.pop()
        if isinstance(value, _Twice):
            places.append(place)
        elif isinstance(value, dict):
            coming += ((f"{place}/{segment(name)}", member) for name, member in value.items())
        elif isinstance(value, list):
            coming += ((f"{place}/{index}", member) for index, member in enumerate(value))
    return places


def segment(name: str) -> str:
    """Write a member's name as a segment of a JSON Pointer (RFC 6901), cut short."""
    return name[:64].replace("~", "~0").replace("/", "~1")


class _ReadRequest(Request):
    """A request whose body has been read, for FastAPI, which asks for it again."""

    def __init__(self, request: Request, body: bytes) -> None:
        super().__init__(request.scope, request.receive)
        self._bytes = body
        self._value = read_json(body) if body else None

    async def body(self) -> bytes:
        return self._bytes

    async def json(self) -> Any:  # noqa: ANN401 - any JSON value
        return self._value


def read_first(answer: Handler) -> Handler:
    """Let a route read its JSON body by `read_json`, before FastAPI would do it in its own way."""

    async def read_and_answer(request: Request) -> Response:
        with receiving:
            body = await request.body()
        return await answer(_ReadRequest(request, body))

    return read_and_answer
