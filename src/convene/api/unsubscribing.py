"""The page that links in mails lead to. Reading it changes nothing: programs that look at mail follow every link.

A POST ends the subscription: from the page's button, or by a mail program's own (RFC 8058). The link is all that is
asked for. No part of the API: nothing of it is in the OpenAPI document.
"""

from __future__ import annotations

from html import escape
from typing import Annotated

from fastapi import Query, Response

from convene.api.dependencies import Held
from convene.api.planned import feature_router
from convene.domain.mails import ABOUT
from convene.operations.unsubscribing import unsubscribe

router = feature_router("notifications")

#: A page that may do nothing but send its own form.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_STYLE = "font-family: sans-serif; line-height: 1.5; max-width: 32em; margin: 4em auto; padding: 0 1em"

Token = Annotated[str, Query(max_length=200)]


@router.get("/unsubscribe", include_in_schema=False)
async def ask_whether_to_unsubscribe(held: Held, token: Token = "") -> Response:
    """Ask whether to send no more mails of a kind."""
    about = ABOUT[held.links.read(token).topic]
    button = '<form method="post"><button>No more of these mails</button></form>'
    return _page(f"<p>You get mail about {escape(about)}.</p>{button}")


@router.post("/unsubscribe", include_in_schema=False)
async def end_subscription(held: Held, token: Token = "") -> Response:
    """Send no more mails of a kind."""
    one = held.links.read(token)
    await unsubscribe(held.units, one)
    return _page(f"<p>You get no more mail about {escape(ABOUT[one.topic])}. In Convene it can be had again.</p>")


def _page(said: str) -> Response:
    html = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Convene</title>'
        '<meta name="viewport" content="width=device-width"></head>\n'
        f'<body style="{_STYLE}"><h1>Convene</h1>{said}</body></html>\n'
    )
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
    return Response(html, headers=headers, media_type="text/html")
