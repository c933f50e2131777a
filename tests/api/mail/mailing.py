"""An application that sends mail, to a post office of ours; and others beside it, for which it is another time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from convene import clock
from convene.delivery.bus import Bus
from convene.delivery.channels import Mails
from convene.delivery.dispatcher import Dispatcher
from convene.delivery.smtp import Smtp
from convene.settings import mail_address
from convene.storage import claims, digests
from convene.storage.deliveries import place_of
from convene.storage.delivery_tables import deliveries
from convene.storage.statements import Statement
from convene.storage.unit_of_work import Units
from tests.people import Api, Person, running_api, settings_for
from tests.post_office import Mail, Mailbox, mailbox

#: What is claimed is due again when the lease ends.
_LEASE = timedelta(seconds=25)
_TRIED = Statement(
    select(deliveries.c.due_at, deliveries.c.attempted_at).where(
        deliveries.c.channel == "email", deliveries.c.due_at.is_not(None), deliveries.c.attempted_at.is_not(None)
    )
)
PLACE = "http://convene.test"
SENDER = "Convene <calendar@example.com>"


@dataclass(frozen=True)
class Office:
    """An application, where its mail goes, and its settings."""

    api: Api
    box: Mailbox
    url: str

    @asynccontextmanager
    async def dispatching_at(self, moment: datetime) -> AsyncIterator[None]:
        """One more dispatcher of mail, for which it is a certain time; for it, all leases of others may have ended."""
        await self._nothing_in_hand()
        services = self.api.app.services
        units = self._units_at(moment)
        server = settings_for(self.url, **settings(self.box)).mail_server
        assert server
        smtp = Smtp(server, mail_address(SENDER), PLACE, timeout=20)
        async with Dispatcher(units, Bus(), [Mails(units, smtp, services.links)]).running():
            yield

    async def dispatches_at(self, moment: datetime) -> None:
        """Let one more dispatcher do all that is due when it is a certain time."""
        units = self._units_at(moment)
        async with self.dispatching_at(moment):
            for _ in range(3000):
                if not await _is_anything_due(units):
                    return
                await asyncio.sleep(0.01)
        raise AssertionError("something that is due is not done")

    def _units_at(self, moment: datetime) -> Units:
        return Units(self.api.app.services.units.database, lambda: moment)

    @asynccontextmanager
    async def dispatching_later(self, by: timedelta) -> AsyncIterator[None]:
        """One more dispatcher of mail, for which it is later already."""
        async with self.dispatching_at(clock.now() + by):
            yield

    async def has_begun(self) -> None:
        """Wait for the first look: of what was told before it, nobody gets mail."""
        for _ in range(1000):
            async with self.api.app.services.units.reading() as work:
                place, _settled = await place_of(work, "email")
            if place[0] >= 0:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("nobody looks for mail")

    async def _nothing_in_hand(self) -> None:
        """Wait until every attempt has been written down."""
        for _ in range(1000):
            if not await self._any_in_hand():
                return
            await asyncio.sleep(0.02)
        raise AssertionError("somebody still has mail in hand")

    async def _any_in_hand(self) -> bool:
        async with self.api.app.services.units.reading() as work:
            rows = await work.all(_TRIED)
        return any(due_at - attempted_at == _LEASE for due_at, attempted_at in rows)

    async def sent(self, person: Person, count: int) -> list[Mail]:
        """Wait until somebody has got so many mails."""
        while len(mails := self.box.to(person.account["email"])) < count:
            await self.box.gets(len(self.box.mails) + 1)
        return mails

    def got(self, person: Person) -> list[str]:
        """The subjects of what somebody has got so far."""
        return [mail.subject for mail in self.box.to(person.account["email"])]


async def _is_anything_due(units: Units) -> bool:
    async with units.reading() as work:
        return await digests.any_due(work) or await claims.any_mail_due(work)


def settings(box: Mailbox) -> dict[str, object]:
    """What switches mail on."""
    return {"smtp_url": box.url, "mail_from": SENDER, "public_url": PLACE, "smtp_timeout_seconds": 20}


@asynccontextmanager
async def mailing(url: str) -> AsyncIterator[Office]:
    """An application on a database that sends mail."""
    async with mailbox() as box, running_api(url, webhook_allow_private_targets=True, **settings(box)) as api:
        office = Office(api, box, url)
        await office.has_begun()
        yield office


async def wants_mail(person: Person, **kinds: bool) -> None:
    """Let somebody say for some kinds whether to have them by mail."""
    said = {kind: {"live": True, "email": wanted} for kind, wanted in kinds.items()}
    response = await person.patch("/api/v1/notifications/preferences", {"kinds": said})
    assert response.status_code == 200, response.text
