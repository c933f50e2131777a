"""Requests that are made to be dear: small to send, or as large as may be, and deep, dense, or far away."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.api.bad_input.refusals import JSON

EVENTS = "/api/v1/events"
#: The largest body that is read.
LARGEST = 4 * 1_048_576
PACKED = {"Content-Type": "application/msgpack"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TIMES = {"start_time": "2027-05-01T09:00:00Z", "end_time": "2027-05-01T09:10:00Z"}
DENSE = {"frequency": "daily", "byHour": list(range(24)), "count": 5_000}


class Bomb(NamedTuple):
    """A request; `{event}` in its path is an event with 5,000 occurrences, `{text}` one with as much text as it may."""

    method: str
    path: str
    content: bytes = b""
    headers: dict[str, str] = JSON


#: Each is made when it is thrown: all at once, they are a hundred megabytes, and every worker of a run reads this file.
Bombs = dict[str, Callable[[], Bomb]]


def _json(body: Any) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def _new(**fields: Any) -> Bomb:
    return Bomb("POST", EVENTS, _json({"title": "Bomb", **TIMES, **fields}))


def _rule(**parts: Any) -> Bomb:
    return _new(recurrence_pattern={"frequency": "yearly", **parts})


def _raw(content: bytes) -> Bomb:
    return Bomb("POST", EVENTS, content)


def _packed(content: bytes) -> Bomb:
    return Bomb("POST", EVENTS, content, PACKED)


def _seen(query: str) -> Bomb:
    return Bomb("GET", f"{EVENTS}?{query}")


def _headers(**headers: str) -> Bomb:
    return Bomb("GET", "/api/v1/auth/me", headers={name.replace("_", "-"): value for name, value in headers.items()})


def _dear_times() -> Bombs:
    return {
        "an end before its start": lambda: _new(end_time="2027-05-01T08:00:00Z"),
        "a day of year 10000": lambda: _new(end_time="10000-01-01T00:00:00Z"),
        "an instant before year 1": lambda: _new(start_time="0001-01-01T00:00:00+14:00"),
        "an instant after year 9999": lambda: _new(end_time="9999-12-31T23:59:59-14:00"),
        "an event of nine thousand years": lambda: _new(
            start_time="0002-01-01T00:00:00Z", end_time="9998-01-01T00:00:00Z"
        ),
        "a zone with a path": lambda: _new(time_zone="../../../../etc/passwd"),
        "a time as long as a body": lambda: _new(start_time="2027-05-01T09:00:00." + "9" * 4_000_000 + "Z"),
    }


def _dear_rules() -> Bombs:
    return {
        "a rule that never matches": lambda: _new(recurrence_pattern="FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
        "a rule that never matches, yearly": lambda: _rule(byMonth=["2"], byMonthDay=[31], interval=1000),
        "a rule of every 29 February on a Monday": lambda: _rule(byMonth=["2"], byMonthDay=[29], byDay=[{"day": "mo"}]),
        "an interval of 0": lambda: _new(recurrence_pattern="FREQ=DAILY;INTERVAL=0"),
        "an interval of a million": lambda: _rule(interval=1_000_000),
        "a count of 5,000": lambda: _new(recurrence_pattern=DENSE, free_busy_status="free"),
        "a rule every hour for ever": lambda: _new(
            recurrence_pattern={**DENSE, "count": None}, free_busy_status="free"
        ),
        "a rule with all days and months": lambda: _rule(
            byMonth=[str(one) for one in range(1, 13)], byMonthDay=list(range(-31, 32)), byHour=list(range(24))
        ),
        "a rule with two million days": lambda: _rule(byMonthDay=[1] * 2_000_000),
        "a rule as long as a body": lambda: _new(recurrence_pattern="FREQ=DAILY;BYDAY=" + ",".join(["MO"] * 1_300_000)),
        "a rule every second": lambda: _new(recurrence_pattern="FREQ=SECONDLY"),
        "10,000 overrides": lambda: _new(
            recurrence_pattern=DENSE,
            overrides={
                f"2027-05-{day:02}T{hour:02}:{minute:02}:00": {"title": "x"}
                for day in range(1, 29)
                for hour in range(24)
                for minute in range(15)
            },
        ),
        "a batch of a thousand dense series": lambda: Bomb(
            "POST", f"{EVENTS}/batch", _json([{"title": "x", **TIMES, "recurrence_pattern": DENSE}] * 1_000)
        ),
        "a batch of a thousand dense series that are free": lambda: Bomb(
            "POST",
            f"{EVENTS}/batch",
            _json([{"title": "x", **TIMES, "recurrence_pattern": DENSE, "free_busy_status": "free"}] * 1_000),
        ),
        "a check of a dense series": lambda: Bomb(
            "POST", f"{EVENTS}/check", _json({"title": "x", **TIMES, "recurrence_pattern": DENSE})
        ),
    }


def _dear_json() -> Bombs:
    return {
        "JSON nested 10,000 deep": lambda: _raw(b"[" * 10_000 + b"]" * 10_000),
        "JSON nested as deep as a body": lambda: _raw(b'{"a":' * (LARGEST // 6)),
        "a field nested 2,000,000 deep": lambda: _raw(b'{"overrides":' + b"[" * 2_000_000 + b"]" * 2_000_000 + b"}"),
        "a number of a million digits": lambda: _raw(b'{"base_version":' + b"9" * 4_000_000 + b"}"),
        "1e308": lambda: _raw(b'{"title":"x","recurrence_pattern":{"frequency":"daily","interval":1e308}}'),
        "2 to the 70th": lambda: _rule(interval=2**70),
        "hundreds of thousands of members": lambda: _raw(
            b"{" + b",".join(b'"%x":1' % one for one in range(350_000)) + b"}"
        ),
        "one member again and again": lambda: _raw(b"{" + b",".join([b'"a":1'] * 690_000) + b"}"),
        "quotation marks and blanks": lambda: _raw(b'" ' * 2_000_000),
        "a quotation mark and blanks": lambda: _raw(b'"' + b" " * 4_000_000),
        "backslashes": lambda: _raw(b'"' + b"\\" * 4_000_000),
        "members whose names end with backslashes": lambda: _raw(
            b"{" + b",".join(rb'"%x\\\\" :1' % one for one in range(240_000)) + b"}"
        ),
        "a million empty objects": lambda: _raw(b'{"events":[' + b",".join([b"{}"] * 1_390_000) + b"]}"),
        "a batch of a million nothings": lambda: Bomb(
            "POST", f"{EVENTS}/batch", b"[" + b",".join([b"0"] * 2_000_000) + b"]"
        ),
        "a batch of 270,000 events": lambda: Bomb("POST", f"{EVENTS}/batch", _json([{"title": "x"}] * 270_000)),
        "a title of four million letters": lambda: _new(title="x" * 4_000_000),
        "NUL and lone surrogates": lambda: _raw(b'{"title":"' + rb"\u0000\ud800" * 340_000 + b'"}'),
        "letters that fold to many": lambda: _new(title="\ufdfa" * 250, description="\ufdfa" * 19_000),
        "a million tags": lambda: _new(tags=["x"] * 1_000_000),
        "10 MB": lambda: _raw(b" " * 10_000_000),
        "10 MB in pieces of text": lambda: _new(description="x" * 10_000_000),
        "a body in another encoding than it says": lambda: Bomb(
            "POST", EVENTS, b"\x1f\x8b" + bytes(1000), {**JSON, "Content-Encoding": "gzip"}
        ),
    }


def _dear_packs() -> Bombs:
    return {
        "MessagePack nested 10,000 deep": lambda: _packed(b"\x91" * 10_000 + b"\xc0"),
        "MessagePack nested as deep as a body": lambda: _packed(b"\x91" * 4_000_000 + b"\xc0"),
        "MessagePack maps nested": lambda: _packed(b"\x81\xa1a" * 1_300_000 + b"\xc0"),
        "text of 4 GB that is not there": lambda: _packed(b"\xdb\xff\xff\xff\xff"),
        "an array of 4 billion that is not there": lambda: _packed(b"\xdd\xff\xff\xff\xff"),
        "a map of 4 billion that is not there": lambda: _packed(b"\xdf\xff\xff\xff\xff"),
        "bytes of 4 GB that are not there": lambda: _packed(b"\xc6\xff\xff\xff\xff"),
        "an extension of 4 GB that is not there": lambda: _packed(b"\xc9\xff\xff\xff\xff\x01"),
        "four million nils": lambda: _packed(b"\xdd\x00\x3f\x00\x00" + b"\xc0" * 4_128_768),
        "NaN": lambda: _packed(b"\x81\xa5title\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"),
    }


def _dear_addresses() -> Bombs:
    return {
        "a search for percent signs": lambda: _seen("q=" + "%25" * 200),
        "a search for underscores": lambda: _seen("q=" + "_" * 200),
        "a search of percent signs and letters": lambda: _seen("q=" + "%25a" * 100),
        "a search with backslashes": lambda: _seen("q=" + "%5C%25" * 100),
        "people named by percent signs": lambda: Bomb("GET", "/api/v1/users?q=%25%25%25"),
        "a query of 60 KiB": lambda: _seen("q=" + "x" * 61_440),
        "ten thousand parameters": lambda: _seen("&".join(f"a{one}=1" for one in range(7_000))),
        "one parameter ten thousand times": lambda: _seen("&".join(["q=x"] * 10_000)),
        "a cursor of 64 KiB": lambda: _seen("cursor=" + "x" * 64_000),
        "a cursor of changes of 64 KiB": lambda: Bomb("GET", "/api/v1/changes?since=" + "x" * 64_000),
        "a window of all time": lambda: _seen("from=0002-01-01&to=9998-01-01"),
        "a list that begins long ago": lambda: _seen("from=0002-01-01"),
        "an open window at the end of time": lambda: _seen("from=9998-01-01"),
        "a page of a dense series": lambda: Bomb("GET", "{event}/occurrences?from=2027-01-01&to=2028-01-01&limit=200"),
        "an id of 60,000 digits": lambda: Bomb("GET", f"{EVENTS}/" + "9" * 60_000),
        "a path of 30,000 parts": lambda: Bomb("GET", "/api/v1" + "/x" * 30_000),
        "a path of slashes": lambda: Bomb("GET", "/x" + "/" * 60_000),
        "a header of 60,000 letters": lambda: _headers(If_None_Match="x" * 60_000),
        "ten thousand tags to compare": lambda: _headers(If_None_Match=",".join(['"1"'] * 10_000)),
        "ten thousand kinds to accept": lambda: _headers(Accept=",".join(["a/b;q=0.1"] * 5_000)),
        "a token of 60,000 letters": lambda: _headers(Authorization="Bearer " + "x" * 60_000),
        "a token in pieces": lambda: _headers(Authorization="Bearer " + "." * 60_000),
        "many cookies": lambda: _headers(Cookie=";".join(["a=b"] * 10_000)),
    }


def _dear_changes() -> Bombs:
    return {
        "a merge of 20,000 lines with 20,000 others": lambda: Bomb(
            "PUT",
            "{text}",
            _json({"description": "\n".join("abcdefghij"[one % 7] for one in range(9_990)), "base_version": 1}),
        ),
        "a merge patch of four megabytes": lambda: Bomb(
            "PATCH", "{text}", _json({"description": "y" * 4_000_000}), {"Content-Type": "application/merge-patch+json"}
        ),
        "a merge patch of a deep pattern": lambda: Bomb(
            "PATCH",
            "{event}",
            b'{"recurrence_pattern":' + b'{"byDay":' * 400_000 + b"1" + b"}" * 400_000 + b"}",
            {"Content-Type": "application/merge-patch+json"},
        ),
        "a comparison of long texts": lambda: Bomb("GET", "{text}/diff/1/2"),
        "a series moved by an hour": lambda: Bomb(
            "PUT", "{event}", _json({"start_time": "2027-05-01T00:30:00Z", "end_time": "2027-05-01T00:40:00Z"})
        ),
        "120,000 people to share with": lambda: Bomb(
            "POST", "{event}/share", _json([{"user_id": 1, "role": "viewer"}] * 120_000)
        ),
        "a million fields to roll back": lambda: Bomb(
            "POST", "{event}/rollback/1", _json({"fields": ["x"] * 1_000_000})
        ),
        "half a million reminders": lambda: Bomb("PUT", "{event}/reminders", _json({"minutes": list(range(500_000))})),
        "a year of insights of a dense series": lambda: Bomb("GET", "/api/v1/insights?from=2027-05-01&to=2028-05-01"),
    }


def _dear_accounts() -> Bombs:
    account = {"username": "bomb", "email": "bomb@example.com", "password": "correct horse battery"}
    register, log_in = "/api/v1/auth/register", "/api/v1/auth/login"
    return {
        "a password of a megabyte": lambda: Bomb("POST", log_in, _json({"username": "x", "password": "x" * 1_000_000})),
        "a name that folds to eighteen letters each": lambda: Bomb(
            "POST", register, _json({**account, "username": "\ufdfa" * 200})
        ),
        "an address of many dots": lambda: Bomb(
            "POST", register, _json({**account, "email": "a." * 120 + "@example.com"})
        ),
        "an address of many labels": lambda: Bomb(
            "POST", register, _json({**account, "email": "a@" + "a." * 120 + "com"})
        ),
        "an address of letters to be encoded": lambda: Bomb(
            "POST", register, _json({**account, "email": "a@" + "\u0665\u0627" * 120})
        ),
        "a form of ten thousand fields": lambda: Bomb("POST", log_in, b"&".join([b"a=1"] * 16_000), FORM),
        "a form in parts": lambda: Bomb(
            "POST",
            log_in,
            b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 1_000,
            {"Content-Type": "multipart/form-data; boundary=b"},
        ),
        "a refresh token of dots": lambda: Bomb("POST", "/api/v1/auth/refresh", _json({"refresh_token": "." * 4_000})),
        "a webhook with a long address": lambda: Bomb(
            "POST", "/api/v1/webhooks", _json({"url": "https://" + "a." * 2_000_000})
        ),
    }


_KINDS = (
    _dear_times,
    _dear_rules,
    _dear_json,
    _dear_packs,
    _dear_addresses,
    _dear_changes,
    _dear_accounts,
)
BOMBS: Bombs = {name: bomb for kind in _KINDS for name, bomb in kind().items()}
