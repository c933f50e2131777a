"""Handing in mail: over TLS, with a password, to servers that refuse, hang or speak otherwise. Sockets are real."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from convene.delivery.smtp import Smtp
from convene.domain.deliveries import Outcome
from convene.domain.mails import Mail
from convene.operations.mails import Letter
from convene.settings import Settings, mail_address
from tests.post_office import PASSWORD, USER, Authority, Mailbox, mailbox, make_authority
from tests.receiver import receiving

PLACE = "https://calendar.example.com"
LINK = f"{PLACE}/some/place/that/is/rather/long/unsubscribe?token=1234567890123.webhook_disabled.abcdefghijklmnopqrstuv"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return make_authority(tmp_path)


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that this process trusts, as it would one of the machine."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    return authority


def letter(to: str = "ana@example.com", **said: str) -> Letter:
    mail = {"subject": "Hello", "text": "Hello\n", "html": "<p>Hello</p>\n", "unsubscribe": LINK, **said}
    return Letter(to, "msg_1", Mail(**mail))


async def send(url: str, sent: Letter | None = None, **settings: Any) -> Outcome:
    """Hand a mail in where the settings say."""
    said = {"smtp_url": url, "mail_from": "Convene <calendar@example.com>", "public_url": PLACE, **settings}
    read = Settings(_env_file=None, **said)
    assert read.mail_server
    timeout = read.smtp_timeout_seconds
    return await Smtp(read.mail_server, mail_address(read.mail_from or ""), PLACE, timeout=timeout).send(
        sent or letter()
    )


def signed_in(box: Mailbox, password: str) -> str:
    return box.url.replace("://", f"://{USER}:{quote(password, safe='')}@")


async def test_a_mail_arrives_as_it_was_written():
    async with mailbox() as box:
        subject = "Übergabe “Planung” 📅" + " wörd" * 20
        text = "Grüße\n\n.a line that begins with a point\n" + "long " * 400 + "\n"
        outcome = await send(box.url, letter(subject=subject, text=text))
    assert (outcome.arrived, outcome.status_code, outcome.error) == (True, 250, None)
    [mail] = box.mails
    assert (mail.sender, mail.to) == ("calendar@example.com", "ana@example.com")
    assert mail.subject == subject
    assert mail.text.replace("\r\n", "\n") == text
    assert mail.part("html").strip() == "<p>Hello</p>"
    assert mail.message["Message-ID"] == "<msg_1@example.com>"
    assert str(mail.message["From"]) == "Convene <calendar@example.com>"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert all(len(line) <= 998 and line.isascii() for line in mail.raw.split(b"\r\n"))


async def test_a_long_link_to_unsubscribe_stays_in_one_piece_for_programs_that_read_it():
    async with mailbox() as box:
        await send(box.url)
    [mail] = box.mails
    assert f"List-Unsubscribe: <{LINK}>\r\n".encode() in mail.raw
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in mail.raw


async def test_after_starttls_and_signing_in_a_mail_arrives(trusted: Authority):
    async with mailbox(tls=trusted.server, login=True) as box:
        outcome = await send(signed_in(box, PASSWORD), smtp_starttls=True)
    [mail] = box.mails
    assert (outcome.arrived, mail.over_tls, mail.user) == (True, True, USER)


async def test_over_tls_from_the_start_a_mail_arrives(trusted: Authority):
    async with mailbox(tls=trusted.server, from_the_start=True, login=True) as box:
        outcome = await send(signed_in(box, PASSWORD))
    assert (outcome.error, len(box.mails)) == (None, 1)


async def test_where_tls_is_demanded_and_not_offered_neither_mail_nor_password_goes_out():
    async with mailbox(login=True) as box:
        outcome = await send(signed_in(box, PASSWORD), smtp_starttls=True)
    assert (outcome.arrived, outcome.refused, box.mails) == (False, False, [])
    assert outcome.error == "does not speak SMTP, or not with TLS"


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(authority: Authority):
    async with mailbox(tls=authority.server) as box:
        outcome = await send(box.url, smtp_starttls=True)
    assert (outcome.arrived, outcome.error, box.mails) == (False, "its certificate is not trusted", [])


async def test_a_wrong_password_is_for_an_operator_to_mend_and_tried_again():
    async with mailbox(login=True) as box:
        outcome = await send(signed_in(box, "wrong"))
    assert (outcome.status_code, outcome.refused, outcome.error) == (535, False, "answered 535")
    assert PASSWORD not in repr(outcome)


@pytest.mark.parametrize(
    ("answer", "refused"),
    [("450 later", False), ("421 busy", False), ("550 nobody here", True), ("553 no such name", True)],
)
async def test_a_recipient_is_refused_for_good_or_for_now(answer: str, refused: bool):
    async with mailbox() as box:
        box.of_recipient = lambda _: answer
        outcome = await send(box.url)
    assert (outcome.arrived, outcome.status_code, outcome.refused) == (False, int(answer[:3]), refused)


@pytest.mark.parametrize(("answer", "refused"), [("451 later", False), ("554 spam", True)])
async def test_a_message_is_refused_for_good_or_for_now(answer: str, refused: bool):
    async with mailbox() as box:
        box.of_mail = lambda _: answer
        outcome = await send(box.url)
    assert (outcome.arrived, outcome.status_code, outcome.refused) == (False, int(answer[:3]), refused)


@pytest.mark.parametrize("hang", ["of_recipient", "of_mail"])
async def test_a_server_that_hangs_has_so_much_time_and_no_more(hang: str):
    async with mailbox() as box:
        setattr(box, hang, lambda _: None)
        began = time.monotonic()
        outcome = await send(box.url, smtp_timeout_seconds=0.5)
    assert (outcome.error, outcome.refused) == ("no answer in time", False)
    assert time.monotonic() - began < 8


async def test_a_mail_that_was_taken_has_arrived_however_long_the_goodbye_takes():
    async with mailbox() as box:
        box.goodbye = 30
        outcome = await send(box.url, smtp_timeout_seconds=0.5)
    assert (outcome.arrived, len(box.mails)) == (True, 1)


async def speaking(*lines: bytes, act: Callable[[asyncio.StreamWriter], None] = lambda _: None) -> asyncio.Server:
    """A server that says these lines, one for each that it hears, and the last one for ever."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for line in [*lines, *[lines[-1]] * 50]:
                writer.write(line)
                act(writer)
                if not await reader.readline():
                    break
        except ConnectionError:
            pass  # the caller has heard enough
        finally:
            writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


@pytest.mark.parametrize(
    "lines",
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n",),
        (b"\xff\xfe\x00\r\n",),
        (b"554 go away\r\n",),
        (b"220 hello\r\n", b"250 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 no, this is no 354\r\n"),
        (b"220 " + b"x" * 100_000 + b"\r\n",),
    ],
)
async def test_what_is_no_mail_server_has_taken_nothing(lines: tuple[bytes, ...]):
    server = await speaking(*lines)
    async with server:
        port = server.sockets[0].getsockname()[1]
        outcome = await send(f"smtp://127.0.0.1:{port}", smtp_timeout_seconds=2)
    assert (outcome.arrived, outcome.refused) == (False, False)
    assert outcome.error


async def test_nobody_who_listens_is_a_failure_like_any_other():
    async with receiving() as receiver:
        port = receiver.url.split(":")[2].partition("/")[0]
    outcome = await send(f"smtp://127.0.0.1:{port}")
    assert (outcome.arrived, outcome.error) == (False, "cannot connect")


async def test_names_and_domains_beyond_ascii_are_written_to():
    async with mailbox() as box:
        for address in ("ana@bücher.example", "añá@bücher.example"):
            assert (await send(box.url, letter(address))).error is None
    assert [mail.to for mail in box.mails] == ["ana@xn--bcher-kva.example", "añá@xn--bcher-kva.example"]


#: What a program that reads mail decodes to a line break, and a header of somebody's own after it (RFC 2047).
SMUGGLED = "=?utf-8?q?x=0d=0aBcc=3a_victim=40example.org=0d=0a=0d=0aPay_here?="


@pytest.mark.parametrize("subject", [SMUGGLED, f"Lunch {SMUGGLED} tomorrow", f"Ä {SMUGGLED}", f"“{SMUGGLED}”"])
async def test_a_title_that_looks_like_an_encoded_word_stays_a_title(subject: str):
    async with mailbox() as box:
        assert (await send(box.url, letter(subject=subject))).arrived
    [mail] = box.mails
    assert mail.subject == subject
    assert mail.message["Bcc"] is None
    assert mail.text.strip() == "Hello"


@pytest.mark.parametrize("subject", ["x" * 150, "two words " * 14 + "more", "é" * 150, "🎉" * 150])
async def test_a_long_title_arrives_as_it_is_said(subject: str):
    async with mailbox() as box:
        await send(box.url, letter(subject=subject))
    [mail] = box.mails
    assert mail.subject == subject
    assert b"\r\nSubject: \r\n" not in mail.raw


async def test_an_address_that_looks_like_an_encoded_word_is_written_to_by_nobody():
    async with mailbox() as box:
        outcome = await send(box.url, letter("=?utf-8?q?x=0d=0aBcc=3a_victim=40example.org?=@example.com"))
    assert (outcome.refused, outcome.error) == (True, "the address cannot be written to")
    assert box.mails == []
