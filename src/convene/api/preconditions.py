"""ETag, If-Match and If-None-Match (RFC 9110, 8.8.3 and 13): which version of an event is meant, and who sees it how.

What the owner reads of an event has its version as its tag: `"3"`. What else an answer depends on stands behind the
version (`"3-editor-7"`: the role, and whose event it is; the other halves of a split series), so that nobody is told
"unchanged" of what somebody else was shown. A change asks for the version alone: `If-Match: "3"` is enough for
everybody, and a tag as it was read says no more.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header

from convene.domain.roles import Role
from convene.storage.events import EventHead

_DIGITS_MAX = 10


def tag_of(head: EventHead) -> str:
    """The entity tag of an event as its caller sees it, in JSON."""
    parts = [str(head.version)]
    if head.role != Role.OWNER:
        parts += [head.role, str(head.owner_id)]
    earlier, later = head.split_from_seen, head.continued_by_seen
    if earlier or later:
        parts += [f"{earlier or ''}.{later or ''}"]
    return f'"{"-".join(parts)}"'


def etag(head: EventHead) -> dict[str, str]:
    """The headers that name what was answered; MessagePack has a tag of its own."""
    return {"ETag": tag_of(head), "Vary": "Accept"}


def _versions(header: str) -> frozenset[int]:
    """The versions that a list of entity tags names; weak ones and strange ones match nothing (RFC 9110, 13.1.1)."""
    tags = (tag.strip() for tag in header.split(","))
    numbers = (tag[1:-1].partition("-")[0] for tag in tags if len(tag) > 2 and tag[0] == tag[-1] == '"')
    return frozenset(int(one) for one in numbers if one.isascii() and one.isdecimal() and len(one) <= _DIGITS_MAX)


async def _if_match(
    if_match: Annotated[
        str | None,
        Header(
            max_length=1000,
            description='Entity tags, or versions in quotes (`"3"`); refuse the change (412) if another is newest.',
        ),
    ] = None,
) -> frozenset[int] | None:
    return None if if_match is None or if_match.strip() == "*" else _versions(if_match)


async def _if_none_match(
    if_none_match: Annotated[
        str | None, Header(max_length=1000, description="Entity tags; 304 if one of them is the newest, or for `*`.")
    ] = None,
) -> frozenset[str] | None:
    if if_none_match is None:
        return frozenset()
    # A weak tag is good enough here (RFC 9110, 13.1.2).
    tags = (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))
    return None if if_none_match.strip() == "*" else frozenset(tags)


IfMatch = Annotated[frozenset[int] | None, Depends(_if_match)]
IfNoneMatch = Annotated[frozenset[str] | None, Depends(_if_none_match)]
