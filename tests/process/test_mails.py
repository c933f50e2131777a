"""Mail from several processes, and from one that is killed: every mail arrives, under one id."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

from tests.people import Person
from tests.post_office import PASSWORD, USER, Mailbox, mailbox, make_authority
from tests.process.callers import calling
from tests.process.servers import both_serving, convene, rounds, serving

EVENTS = 12


def settings(box: Mailbox, seconds: float = 15) -> dict[str, object]:
    """What switches mail on; what a server that was killed had in hand is left to others a little later than that."""
    said = {"SMTP_URL": box.url, "MAIL_FROM": "calendar@example.com", "PUBLIC_URL": "http://convene.test"}
    return {**said, "SMTP_TIMEOUT_SECONDS": seconds}


async def shares_many(alice: Person, ben: Person, prefix: str) -> list[str]:
    """Invite ben to many events; gives the subjects of what he is to get."""
    titles = [f"{prefix} {number}" for number in range(EVENTS)]
    for title in titles:
        await alice.shares(await alice.creates(title), ben)
    return [f"{alice.username} shared “{title}” with you as editor" for title in titles]


async def arrived(box: Mailbox, subjects: list[str], *, seconds: float = 40.0) -> None:
    """Wait until all of some mails have come."""
    async with asyncio.timeout(seconds):
        while set(subjects) - {mail.subject for mail in box.mails}:
            await box.gets(len(box.mails) + 1, seconds=seconds)


async def test_a_server_that_is_killed_while_it_sends_mail_loses_none(new_database: str):
    """Whatever was acknowledged arrives at least once, and what arrives twice has the id that it had."""
    async with mailbox() as box:
        box.seconds = 0.02
        told: list[str] = []
        for number in range(rounds(2, 10)):
            with serving(new_database, **settings(box, 1)) as server:
                async with calling(server.url) as api:
                    # Others each time: nobody is sent more than some twenty mails in an hour.
                    alice, ben = await api.person("alice"), await api.person("ben")
                    told += await shares_many(alice, ben, f"Round {number}")
                    await asyncio.sleep(random.uniform(0, 0.2))
                    server.kill()
        with serving(new_database, **settings(box)):
            await arrived(box, told)
    ids: dict[str, set[str]] = {}
    for mail in box.mails:
        ids.setdefault(mail.subject, set()).add(str(mail.message["Message-ID"]))
    assert {subject: len(found) for subject, found in ids.items()} == dict.fromkeys(told, 1)


async def test_of_two_servers_one_sends_each_mail(new_database: str):
    async with mailbox() as box:
        with both_serving(new_database, **settings(box)) as (one, other):
            async with calling(one.url) as here, calling(other.url) as there:
                alice, ben = await here.person("alice"), await here.person("ben")
                told = await shares_many(alice, ben, "Here")
                told += await shares_many(there.known(alice), await there.person("carla"), "There")
                await arrived(box, told)
                await asyncio.sleep(1.5)
    assert Counter(mail.subject for mail in box.mails) == Counter(told)


async def test_a_server_signs_in_over_tls_as_its_settings_say(new_database: str, tmp_path: Path):
    authority = make_authority(tmp_path)
    async with mailbox(tls=authority.server, login=True) as box:
        box.url = box.url.replace("://", f"://{USER}:{PASSWORD.replace('@', '%40').replace('/', '%2F')}@")
        more = {"SMTP_STARTTLS": "true", "SSL_CERT_FILE": authority.file}
        with serving(new_database, **settings(box), **more) as server:
            async with calling(server.url) as api:
                alice, ben = await api.person("alice"), await api.person("ben")
                await alice.shares(await alice.creates("Planning"), ben)
                [mail] = await box.gets(1)
                assert (mail.over_tls, mail.user) == (True, USER)
            assert PASSWORD not in server.log


def test_settings_of_mail_that_make_no_sense_end_the_start_in_one_line(new_database: str):
    alone = convene("serve", database_url=new_database, SMTP_URL="smtp://mail.example.com")
    assert (alone.returncode, alone.stderr) == (1, "convene: SMTP_URL needs MAIL_FROM and PUBLIC_URL beside it\n")
    wrong = convene("serve", database_url=new_database, SMTP_URL="smtp://user:hunter2/@mail.example.com")
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (1, 1)
    assert wrong.stderr.startswith("convene: SMTP_URL ")
    assert "hunter2" not in wrong.stderr
