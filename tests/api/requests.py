"""A request that succeeds for every route of the API, and the stage that it needs.

A new route needs an entry here: what is tested of all routes is tested with these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import uuid4

import httpx2

from tests.people import PASSWORD, Api, Json, Person
from tests.routes import Route

EVENT = "/api/v1/events/{event_id}"
WEBHOOK = "/api/v1/webhooks/{webhook_id}"
HOOK = "https://hooks.invalid/convene"
ROLES = ("owner", "editor", "viewer")


class Stage(NamedTuple):
    """An event in its second version, and the people around it.

    They are an owner, an editor and a viewer; one whose role was revoked, a stranger, and somebody anonymous; and a
    colleague, one more viewer for owners to deal with.
    """

    event: Json
    people: dict[str, Person]

    @property
    def path(self) -> str:
        return EVENT.format(event_id=self.event["id"])


class Request(NamedTuple):
    """A request that succeeds for whoever has the right to it.

    `shelf` and `trash` say what has to lie there before.
    """

    status: int = 200
    body: Callable[[Stage, Person], Json] | None = None
    query: dict[str, str] | None = None
    shelf: bool = False
    trash: bool = False


def _new_account(_stage: Stage, _me: Person) -> Json:
    name = f"new-{uuid4().hex[:10]}"
    return {"username": name, "email": f"{name}@example.com", "password": PASSWORD}


def _new_event(_stage: Stage, _me: Person) -> Json:
    times = {"start_time": "2027-06-01T09:00:00Z", "end_time": "2027-06-01T10:00:00Z"}
    return {"title": "Planning", "free_busy_status": "free", **times}


REQUESTS: dict[str, Request] = {
    "POST /api/v1/auth/register": Request(201, _new_account),
    "GET /api/v1/auth/registration": Request(),
    "POST /api/v1/auth/login": Request(body=lambda _, me: {"username": me.username, "password": PASSWORD}),
    "POST /api/v1/auth/refresh": Request(body=lambda _, me: {"refresh_token": me.tokens["refresh_token"]}),
    "POST /api/v1/auth/logout": Request(204),
    "GET /api/v1/auth/me": Request(),
    "PATCH /api/v1/auth/me": Request(body=lambda *_: {"time_zone": "Europe/Berlin"}),
    "POST /api/v1/auth/password": Request(
        204, lambda *_: {"current_password": PASSWORD, "new_password": f"{PASSWORD}!"}
    ),
    "GET /api/v1/auth/sessions": Request(),
    "DELETE /api/v1/auth/sessions/{session_id}": Request(204),
    "GET /api/v1/users": Request(query={"q": "colleague"}),
    "POST /api/v1/events": Request(201, _new_event),
    "POST /api/v1/events/batch": Request(201, lambda *who: {"events": [_new_event(*who)] * 2}),
    "POST /api/v1/events/check": Request(body=_new_event),
    "GET /api/v1/events": Request(query={"start_date": "2027-03-01", "end_date": "2027-03-31"}),
    "GET /api/v1/events/trash": Request(),
    f"GET {EVENT}": Request(),
    f"PUT {EVENT}": Request(body=lambda *_: {"title": "Changed"}),
    f"PATCH {EVENT}": Request(body=lambda *_: {"location": None, "title": "Changed"}),
    f"DELETE {EVENT}": Request(204),
    f"POST {EVENT}/restore": Request(trash=True),
    f"GET {EVENT}/occurrences": Request(query={"from": "2027-03-01", "to": "2027-03-02"}),
    f"POST {EVENT}/share": Request(201, lambda stage, _: {"user_id": stage.people["colleague"].id, "role": "editor"}),
    f"GET {EVENT}/permissions": Request(),
    f"GET {EVENT}/collaborators": Request(),
    f"PUT {EVENT}/permissions/{{user_id}}": Request(body=lambda *_: {"role": "editor"}),
    f"DELETE {EVENT}/permissions/{{user_id}}": Request(204),
    f"POST {EVENT}/transfer": Request(body=lambda stage, _: {"user_id": stage.people["colleague"].id}),
    f"GET {EVENT}/history": Request(),
    f"GET {EVENT}/history/{{version_number}}": Request(),
    f"GET {EVENT}/changelog": Request(),
    f"GET {EVENT}/diff": Request(),
    f"GET {EVENT}/diff/{{version_1}}/{{version_2}}": Request(),
    f"GET {EVENT}/blame": Request(),
    f"POST {EVENT}/rollback/{{version_number}}": Request(body=lambda *_: {"fields": ["title"]}),
    f"GET {EVENT}/shelved": Request(),
    f"DELETE {EVENT}/shelved/{{shelf_id}}": Request(204, shelf=True),
    f"PUT {EVENT}/mute": Request(204),
    f"DELETE {EVENT}/mute": Request(204),
    f"GET {EVENT}/reminders": Request(),
    f"PUT {EVENT}/reminders": Request(body=lambda *_: {"minutes": [10]}),
    f"DELETE {EVENT}/reminders": Request(204),
    "GET /api/v1/calendars": Request(),
    "PATCH /api/v1/calendars/{calendar_id}": Request(body=lambda *_: {"name": "Work", "color": "#3366ff"}),
    "GET /api/v1/insights": Request(query={"from": "2027-03-01", "to": "2027-03-31"}),
    "GET /api/v1/notifications": Request(),
    "POST /api/v1/notifications/{notification_id}/read": Request(204),
    "POST /api/v1/notifications/read": Request(204),
    "GET /api/v1/notifications/preferences": Request(),
    "PATCH /api/v1/notifications/preferences": Request(
        body=lambda *_: {"kinds": {"changed": {"live": True, "email": False}}}
    ),
    "GET /api/v1/notifications/digest": Request(),
    "PUT /api/v1/notifications/digest": Request(body=lambda *_: {"hour": 6, "time_zone": "Europe/Berlin"}),
    "DELETE /api/v1/notifications/digest": Request(204),
    "GET /api/v1/changes": Request(),
    "POST /api/v1/webhooks": Request(201, lambda *_: {"url": HOOK}),
    "GET /api/v1/webhooks": Request(),
    f"GET {WEBHOOK}": Request(),
    f"PATCH {WEBHOOK}": Request(body=lambda *_: {"kinds": ["changed"]}),
    f"DELETE {WEBHOOK}": Request(204),
    f"POST {WEBHOOK}/rotate": Request(),
    f"POST {WEBHOOK}/test": Request(202),
    f"GET {WEBHOOK}/deliveries": Request(),
    f"POST {WEBHOOK}/deliveries/{{delivery_id}}/redeliver": Request(202),
}


async def invite_everybody(api: Api) -> dict[str, Person]:
    """People for any number of stages."""
    named = {who: await api.person(who) for who in (*ROLES, "revoked", "stranger", "colleague")}
    return {**named, "anonymous": api.nobody()}


async def set_the_stage(people: dict[str, Person]) -> Stage:
    """Let the owner create, share, withdraw and change."""
    owner = people["owner"]
    event = await owner.creates("Planning", location="Room 1")
    path = EVENT.format(event_id=event["id"])
    roles = {"editor": "editor", "viewer": "viewer", "revoked": "editor", "colleague": "viewer"}
    await owner.post(f"{path}/share", [{"user_id": people[who].id, "role": role} for who, role in roles.items()])
    await owner.delete(f"{path}/permissions/{people['revoked'].id}")
    event = await owner.changes(event, title="Planning, again", description="The second version.")
    return Stage(event, people)


async def prepare(stage: Stage, route: Route, who: str = "owner") -> dict[str, Any]:
    """Put on the shelf or into the trash what a route needs; gives the parameters of its path."""
    request = REQUESTS[str(route)]
    parameters = {"event_id": stage.event["id"], "user_id": stage.people["colleague"].id, "shelf_id": 0}
    if request.shelf:
        parameters["shelf_id"] = await _shelve_an_edit(stage, who if who in ROLES else "owner")
    if request.trash:
        await stage.people["owner"].delete(stage.path)
    if "{notification_id}" in route.path:
        parameters["notification_id"] = await _tell(stage, who)
    parameters["calendar_id"] = stage.event["calendar_id"]
    if "{webhook_id}" in route.path:
        parameters |= await _hook_up(stage.people[who])
    return {**parameters, "version_number": 1, "version_1": 1, "version_2": 2}


async def _tell(stage: Stage, who: str) -> int:
    """Let somebody hear of something; gives the id of the notification."""
    other = "editor" if who == "owner" else "owner"
    await stage.people[other].changes(stage.event, location=f"Room {uuid4().hex[:6]}")
    return int((await stage.people[who].get("/api/v1/notifications")).json()[0]["id"])


async def _hook_up(person: Person) -> dict[str, Any]:
    """Give somebody a webhook to which a message has gone; gives the ids of both."""
    present = (await person.get("/api/v1/webhooks")).json()
    webhook = present[0] if present else await person.adds_webhook(HOOK)
    delivery = (await person.post(f"/api/v1/webhooks/{webhook['id']}/test")).json()
    return {"webhook_id": webhook["id"], "delivery_id": delivery["id"]}


async def _shelve_an_edit(stage: Stage, who: str) -> int:
    """Let somebody with a role lose an edit, as an editor if need be; gives its place on the shelf."""
    owner, person = stage.people["owner"], stage.people[who]
    own_row = f"{stage.path}/permissions/{person.id}"
    if who == "viewer":
        await owner.put(own_row, {"role": "editor"})
    refused = await person.put(stage.path, {"title": "Lost", "base_version": 1})
    if who == "viewer":
        await owner.put(own_row, {"role": "viewer"})
    return int(refused.json()["shelf_id"])


async def send(stage: Stage, me: Person, route: Route, path: str) -> httpx2.Response:
    """Make the request of a route, under its own path or another one that was promised for it."""
    request = REQUESTS[str(route)]
    sent = {"json": request.body(stage, me)} if request.body else {}
    return await me.request(route.method, path, params=request.query or {}, **sent)
