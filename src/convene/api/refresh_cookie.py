"""Refresh tokens as they come: in bodies, or in a cookie, where the browser keeps one out of the reach of scripts.

A request of the page says so in a header that no other origin can send without being asked first (CORS), and the
cookie goes to the routes of accounts alone: nobody can let a browser use it up behind its owner's back.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import Cookie, Depends, Header, Request, Response
from pydantic import ConfigDict

from convene.api.fields import text, without_defaults
from convene.api.schemas import Body

NAME = "convene_refresh"
PATH = "/api/v1/auth"
#: A page that is left or reloaded while it waits for new tokens never learns of them, and two tabs may ask at once: for
#: so long the token that was used up last is taken again.
GRACE = timedelta(seconds=10)
TOKEN_MAX = 4096


class Refresh(Body):
    """A refresh token, which this uses up; the page's is in its cookie."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    refresh_token: text(TOKEN_MAX) | None = None  # type: ignore[valid-type]


async def _from_page(
    x_convene_page: Annotated[
        Literal["1"] | None,
        Header(description="The refresh token is kept in an HttpOnly cookie instead of in bodies."),
    ] = None,
) -> bool:
    return x_convene_page is not None


FromPage = Annotated[bool, Depends(_from_page)]
KeptToken = Annotated[
    str | None,
    Cookie(alias=NAME, max_length=TOKEN_MAX, description="The refresh token, when `X-Convene-Page` says so."),
]


def keep(request: Request, response: Response, token: str, life: timedelta) -> None:
    """Let the browser keep a refresh token for its life."""
    _set(request, response, token, int(life.total_seconds()))


def drop(request: Request, response: Response) -> None:
    """Let the browser throw the refresh token away."""
    _set(request, response, "", 0)


def _set(request: Request, response: Response, value: str, max_age: int) -> None:
    secure = request.url.scheme == "https"
    response.set_cookie(NAME, value, max_age=max_age, path=PATH, secure=secure, httponly=True, samesite="strict")
