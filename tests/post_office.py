"""The other end of SMTP: a server on a real socket that keeps what it takes, and refuses as it is told."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

TAKEN = "250 Taken"
USER, PASSWORD = "convene", "p@ss/word"


@dataclass(frozen=True)
class Mail:
    """A mail as it came."""

    sender: str
    to: str
    raw: bytes
    over_tls: bool
    user: str | None

    @property
    def message(self) -> EmailMessage:
        """What the standard library reads in it."""
        message = message_from_bytes(self.raw, policy=default)
        assert isinstance(message, EmailMessage)
        assert list(message.walk()) == [message, *message.iter_parts()]
        assert not message.defects
        return message

    def part(self, kind: str) -> str:
        """Its text, or its HTML."""
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content())

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        return self.part("plain")

    @property
    def unsubscribe(self) -> str:
        """The link in its header."""
        return str(self.message["List-Unsubscribe"]).strip("<>")


@dataclass
class Mailbox:
    """Answers each recipient and each mail as it is told; whoever answers None hangs until the caller goes."""

    url: str = ""
    mails: list[Mail] = field(default_factory=list)
    #: How long it thinks about each mail.
    seconds: float = 0
    #: How long it takes to say goodbye.
    goodbye: float = 0
    #: How often a mail to each address was tried, also in vain.
    tried: Counter[str] = field(default_factory=Counter)
    #: Whoever hangs goes on when this is set.
    released: asyncio.Event = field(default_factory=asyncio.Event)
    offered: list[Mail] = field(default_factory=list)
    of_recipient: Callable[[str], str | None] = lambda _to: "250 OK"
    of_mail: Callable[[Mail], str | None] = lambda _mail: TAKEN
    _came: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def gets(self, count: int, *, seconds: float = 10.0) -> list[Mail]:
        """Wait for so many mails in all."""
        async with asyncio.timeout(seconds), self._came:
            await self._came.wait_for(lambda: len(self.mails) >= count)
        return self.mails

    async def is_tried(self, address: str, count: int, *, seconds: float = 20.0) -> None:
        """Wait for so many attempts of mails to somebody, also those that are refused."""
        async with asyncio.timeout(seconds), self._came:
            await self._came.wait_for(lambda: self.tried[address] >= count)

    async def is_offered_to(self, address: str, *, seconds: float = 10.0) -> Mail:
        """Wait for a mail to somebody, also if it is refused."""
        async with asyncio.timeout(seconds), self._came:
            await self._came.wait_for(lambda: any(mail.to == address for mail in self.offered))
        return next(mail for mail in self.offered if mail.to == address)

    def to(self, address: str) -> list[Mail]:
        """What somebody got."""
        return [mail for mail in self.mails if mail.to == address]

    # What aiosmtpd calls, by its names.

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        async with self._came:
            self.tried[address] += 1
            self._came.notify_all()
        answer = self.of_recipient(address)
        if answer is None:
            await self.released.wait()
            answer = self.of_recipient(address)
        if str(answer).startswith("2"):
            envelope.rcpt_tos.append(address)
        return str(answer)

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        data: Any = session.auth_data
        user = data.login.decode() if data else None
        mail = Mail(str(envelope.mail_from), envelope.rcpt_tos[0], content, bool(session.ssl), user)
        async with self._came:
            self.offered.append(mail)
            self._came.notify_all()
        await asyncio.sleep(self.seconds)
        answer = self.of_mail(mail)
        if answer is None:
            await asyncio.Event().wait()
        if str(answer).startswith("2"):
            async with self._came:
                self.mails.append(mail)
                self._came.notify_all()
        return str(answer)

    async def handle_QUIT(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.goodbye)
        return "221 Bye"


def _knows(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    assert isinstance(data, LoginPassword)
    right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, auth_data=data, handled=False)


@dataclass(frozen=True)
class Authority:
    """Who vouches for servers, made anew for each run: its certificate is in a file."""

    file: Path
    server: ssl.SSLContext


def make_authority(folder: Path) -> Authority:
    """Make an authority, and a certificate for this machine."""
    authority = trustme.CA()
    file = folder / "authority.pem"
    authority.cert_pem.write_to_path(file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return Authority(file, context)


@asynccontextmanager
async def mailbox(
    *, tls: ssl.SSLContext | None = None, from_the_start: bool = False, login: bool = False
) -> AsyncIterator[Mailbox]:
    """A mail server on a port of this machine: in the open, with STARTTLS, or with TLS from the start."""
    box = Mailbox()
    loop = asyncio.get_running_loop()
    open_ = tls is None or from_the_start

    serving: list[SMTP] = []

    def serve() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # aiosmtpd warns of passwords in the open
            one = SMTP(
                box,
                loop=loop,
                hostname="mail.test",
                enable_SMTPUTF8=True,
                tls_context=None if open_ else tls,
                require_starttls=not open_,
                auth_required=login,
                auth_require_tls=False,
                authenticator=_knows,
            )
        serving.append(one)
        return one

    server = await loop.create_server(serve, "127.0.0.1", 0, ssl=tls if from_the_start else None)
    scheme = "smtps" if from_the_start else "smtp"
    box.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield box
    finally:
        server.close()
        for one in serving:
            if isinstance(one.transport, asyncio.Transport):
                one.transport.abort()
        await asyncio.sleep(0.01)  # for all of them to hear of it
