"""Mail over SMTP to the one server that the settings name. The owner of aiosmtplib.

Each mail has a connection of its own and a time in which all of it must be done. A recipient or a message that the
server refuses for good (5xx) is refused; whatever goes wrong before that, signing in too, is tried again, because an
operator can mend it.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from contextlib import suppress
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

import aiosmtplib
from aiosmtplib.email import parse_address

from convene import clock
from convene.domain.deliveries import Outcome
from convene.operations.mails import Letter
from convene.settings import MailServer

_GOODBYE_SECONDS = 1.0
#: Codes from here on are refusals, and refusals for good (RFC 5321, 4.2.1).
_REFUSED = 400
_FOR_GOOD = 500
#: How an encoded word begins (RFC 2047): programs that read mail decode it wherever it stands.
_ENCODED_WORD = "=?"


class _Literal(EmailPolicy):
    """Writes headers as they are said, where the library would make something else of them.

    It encodes a long link or id beyond recognition. And it decodes what looks like an encoded word (RFC 2047) before it
    encodes: a title could bring a line break along, and with it headers and a text of its own.
    """

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:  # noqa: ANN401 - the library's signature
        if name == "Subject":
            return name, value
        return super().header_store_parse(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        if name in {"List-Unsubscribe", "Message-ID"}:
            return f"{name}: {value}{self.linesep}".encode("ascii")
        if name == "Subject":
            # One line, as it is short enough for: folded, a long word would stand below an empty beginning.
            plain = value.isascii() and value.isprintable() and _ENCODED_WORD not in value
            said = value if plain else Header(value, "utf-8", header_name=name).encode(linesep=self.linesep)
            return f"{name}: {said}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


_POLICY = _Literal(linesep=SMTP.linesep)
_POLICY_UTF8 = _POLICY.clone(utf8=True)

_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (aiosmtplib.SMTPConnectTimeoutError, "cannot connect"),
    (TimeoutError, "no answer in time"),
    (ssl.SSLCertVerificationError, "its certificate is not trusted"),
    (ssl.SSLError, "does not speak TLS"),
    (aiosmtplib.SMTPServerDisconnected, "the connection broke"),
    (aiosmtplib.SMTPConnectError, "cannot connect"),
    (aiosmtplib.SMTPNotSupported, "the server lacks what it needs"),
    (aiosmtplib.SMTPException, "does not speak SMTP, or not with TLS"),
    (OSError, "cannot connect"),
)
_FAILURES = tuple(kind for kind, _ in _REASONS)


class Smtp:
    """Hands mails in, and says what came of it."""

    def __init__(self, server: MailServer, sender: Address, public_url: str, *, timeout: float) -> None:
        self.timeout = timeout
        self._server = server
        self._sender = sender
        # What it is called when it says hello; to ask the machine for its name may mean to ask a DNS that hangs.
        self._own_name = urlsplit(public_url).hostname or "localhost"
        self._tls = ssl.create_default_context()

    async def send(self, letter: Letter) -> Outcome:
        """Hand a mail in; whatever goes wrong on the way or over there is told, not raised."""
        began = time.monotonic()
        status, reason, refused = None, None, False
        # Before anything is tried: an untrusted certificate is a ValueError, too.
        to = _with_plain_domain(letter.to)
        if to is None:
            return Outcome(error="the address cannot be written to", refused=True)
        try:
            status = await self._send(to, self._written(letter, to))
        except aiosmtplib.SMTPRecipientsRefused as error:
            status = error.recipients[0].code
            refused = status >= _FOR_GOOD
        except aiosmtplib.SMTPResponseException as error:
            # What is no refusal is out of place, and must not be taken for success.
            status, reason = (error.code, None) if error.code >= _REFUSED else (None, "does not speak SMTP")
            refused = isinstance(error, aiosmtplib.SMTPDataError) and error.code >= _FOR_GOOD
        except _FAILURES as error:
            reason = next(said for kind, said in _REASONS if isinstance(error, kind))
        return Outcome(
            status_code=status,
            error=reason or (None if status is not None and status < 300 else f"answered {status}"),
            duration_ms=round((time.monotonic() - began) * 1000),
            refused=refused,
        )

    async def _send(self, to: str, written: bytes) -> int:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            local_hostname=self._own_name,
            timeout=self.timeout,
            tls_context=None if server.security == "none" else self._tls,
        )
        options = [] if to.isascii() else ["SMTPUTF8"]
        try:
            async with asyncio.timeout(self.timeout):
                await client.connect()
                await client.sendmail(self._sender.addr_spec, [to], written, mail_options=options)
            # It has been taken: how the server says goodbye, and how long that takes, changes nothing about that.
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=_GOODBYE_SECONDS)
        finally:
            client.close()
        return 250

    def _written(self, letter: Letter, to: str) -> bytes:
        mail = letter.mail
        message = EmailMessage(policy=_POLICY if to.isascii() else _POLICY_UTF8)
        message["From"] = self._sender
        username, _, domain = to.rpartition("@")
        message["To"] = Address("", username, domain)
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(clock.now())
        message["Message-ID"] = f"<{letter.message_id}@{self._sender.domain}>"
        message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text, cte="quoted-printable")
        message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
        return message.as_bytes()


def _with_plain_domain(address: str) -> str | None:
    """Write an address with its domain in ASCII (RFC 5890), as every server takes it.

    None for one that is none, or that could be read as another one.
    """
    name, _, domain = address.rpartition("@")
    if _ENCODED_WORD in address:
        return None
    try:
        plain = f"{name}@{domain.encode('idna').decode('ascii')}"
        return plain if parse_address(plain) == plain else None
    except ValueError:
        return None
