"""One's own calendars over HTTP: their shapes and routes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Response
from pydantic import AfterValidator, ConfigDict, StringConstraints, model_validator

from convene.api import fields
from convene.api.answers import answer
from convene.api.declared import SIGNED_IN, problems
from convene.api.dependencies import ID_MAX, Me, ReadWork, WriteWork
from convene.api.fields import DIGITS, without_defaults
from convene.api.planned import feature_router
from convene.api.responses import Answer
from convene.api.schemas import Body
from convene.domain.content import UNSET
from convene.operations import calendars
from convene.operations.calendars import CalendarChange
from convene.storage.calendars import CalendarRow

NAME_MAX = 100
router = feature_router("calendars", "/api/v1/calendars")

CalendarName = fields.name(NAME_MAX)
Color = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$"), AfterValidator(str.lower)]


class Calendar(Answer):
    """A calendar of the caller's own."""

    id: int
    name: str
    color: str | None
    """`#rrggbb`; null leaves it to whoever shows the calendar."""


class CalendarUpdate(Body):
    """What to change about a calendar; the others stay."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    name: CalendarName = ""  # type: ignore[valid-type]
    color: Color | None = None
    """`#rrggbb`; `null` leaves it to whoever shows the calendar."""

    @model_validator(mode="before")
    @classmethod
    def _ignore_id(cls, data: Any) -> Any:  # noqa: ANN401 - whatever a client sends
        """Whoever sends back what they read need not take it out."""
        return {key: value for key, value in data.items() if key != "id"} if isinstance(data, dict) else data

    def change(self) -> CalendarChange:
        """As the operation reads it."""
        sent = self.model_fields_set
        return CalendarChange(
            name=self.name if "name" in sent else UNSET, color=self.color if "color" in sent else UNSET
        )


def _calendar_json(row: CalendarRow) -> dict[str, Any]:
    return row._asdict()


@router.get("", response_model=list[Calendar], responses=problems(*SIGNED_IN))
async def list_calendars(me: Me, work: ReadWork) -> Response:
    """List one's own calendars, the first one first: new events go there."""
    return answer([_calendar_json(row) for row in await calendars.list_calendars(work, me)])


@router.patch("/{calendar_id}", response_model=Calendar, responses=problems(*SIGNED_IN, 404, body=True))
async def change_calendar(
    me: Me,
    work: WriteWork,
    calendar_id: Annotated[int, Path(ge=1, le=ID_MAX, description="The calendar's id."), DIGITS],
    body: CalendarUpdate,
) -> Response:
    """Change the name or the colour of one of one's own calendars."""
    return answer(_calendar_json(await calendars.change_calendar(work, me, calendar_id, body.change())))
