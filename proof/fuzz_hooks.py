"""What schemathesis has to know of Convene beyond the OpenAPI document: how to sign in, which refusals no schema says.

Loaded by schemathesis itself, in its own process (proof/fuzzing.toml).
"""

from __future__ import annotations

import itertools
import os
import re
from typing import Any

import requests
import schemathesis
from schemathesis import AuthContext, Case, HookContext, Response
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi.checks import RejectedPositiveData

SERVER = os.environ["FUZZED_SERVER"]
NAME, PASSWORD = os.environ["FUZZED_NAME"], os.environ["FUZZED_PASSWORD"]
#: They end sessions: each call has an account of its own, or the attack would end with the first.
ENDING = ["log_out", "end_session", "change_password"]
UNPROCESSABLE = 422
_numbers = itertools.count()


@schemathesis.auth(refresh_interval=None).apply_to(operation_id=ENDING)
class OneUse:
    """Somebody new for each call."""

    def get(self, _case: Case[Any], _context: AuthContext) -> str:
        name = f"passing-{next(_numbers)}"
        account = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
        _posted("register", account)
        return _token(name)

    def set(self, case: Case[Any], data: str, _context: AuthContext) -> None:
        _sign(case, data)


@schemathesis.auth(refresh_interval=None).skip_for(operation_id=ENDING)
class SignedIn:
    """The one whose calendar is attacked; a token outlives the attack."""

    kept = ""

    def get(self, _case: Case[Any], _context: AuthContext) -> str:
        SignedIn.kept = SignedIn.kept or _token(NAME)
        return SignedIn.kept

    def set(self, case: Case[Any], data: str, _context: AuthContext) -> None:
        _sign(case, data)


def _sign(case: Case[Any], token: str) -> None:
    case.headers["Authorization"] = f"Bearer {token}"


def _token(name: str) -> str:
    return str(_posted("login", {"username": name, "password": PASSWORD})["access_token"])


def _posted(what: str, body: dict[str, str]) -> Any:
    answer = requests.post(f"{SERVER}/api/v1/auth/{what}", json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()


#: Rules that JSON Schema cannot say, as refusals of what breaks them are worded. What fits its schema and is refused
#: for anything else is a fault, of the document or of the API.
RULES = re.compile(
    # only the server writes those
    "is not a cursor of this list|is not the current password|is nobody's|is not on the event"
    # one thing depends on another
    "|must be after|again what|together with|is named twice|is required|when an occurrence is named"
    "|must be all, or of an event|leave scope and occurrence out|name the person by one of|is there twice"
    "|username and email name an account each|username or email is required|is_recurring|before the first"
    # what is known is not in the document: zones, words, and the ways to write a rule or an address
    "|time zone|must be an? (address|e-mail address|date|object)|is not a field|must be ASCII without spaces"
    "|must not be blank|must not contain NUL|letters, digits|pattern|rule|occur|needs at least|zone"
    # a limit in another unit, or of several things together
    "|between the years|has more than|within|from 0001|9999|lasts at most|an all-day event"
    # of this event, as it is now
    "|there is no (version|field)|for the whole series|is the owner, who"
    # 1.0 is a whole number for JSON Schema, and a mistake for us; it knows 2**63 no better than a float does
    "|must be a whole number|must be at most 9223372036854775807"
)


#: What the document says is any JSON: it has too many dialects to describe.
ANYTHING = re.compile(r"/recurrence_pattern(/|$)")
#: The same key for something else, which is what keys are for; a window that is too wide, or holds too much.
OF_TODAY = {"/problems/key-reused", "/problems/too-much"}


#: What a cookie can be (RFC 6265, 4.1.1). Of anything else a server sees a part: a semicolon ends it.
COOKIE = re.compile(r"[!#-+\--:<-\[\]-~]*")


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:  # noqa: ARG001
    """Let refusals pass that are explained by a rule that the document cannot say, and cookies that cannot be sent."""
    if isinstance(failure, AcceptedNegativeData):
        return all(COOKIE.fullmatch(str(value)) for value in (case.cookies or {}).values())
    if not isinstance(failure, RejectedPositiveData) or response.status_code != UNPROCESSABLE:
        return True
    problem = response.json()
    if problem["type"] in OF_TODAY:
        return False
    faults = problem.get("errors", ())
    return not faults or not all(ANYTHING.search(fault["pointer"]) or RULES.search(fault["detail"]) for fault in faults)
