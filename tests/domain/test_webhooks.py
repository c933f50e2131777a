"""Where webhooks may lead, how they are signed, when they are tried again."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from convene import clock
from convene.domain.errors import Invalid
from convene.domain.webhooks import check_url, secret_text, signatures
from tests import hypothesis_profiles  # noqa: F401 - registers the profiles


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook",
        "http://example.com:8080/a?b=c%20d",
        "https://xn--bcher-kva.example/",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]:8443/x",
    ],
)
def test_an_address_that_can_be_reached_is_taken(url: str):
    check_url(url, allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        *("", "example.com", "ftp://example.com/", "file:///etc/passwd", "https://", "https:///path", "//example.com"),
        *("https://user:password@example.com/", "https://example.com/#part", "https://example.com:0/"),
        *(
            "https://example.com:99999/",
            "https://exa mple.com/",
            "https://bücher.example/",
            "https://[::1",
            "https://[x]/",
        ),
        *("https://example.com\\@127.0.0.1/", "https://exam\nple.com/", "https://a%2fb/", "http://localhost/"),
        *("http://127.0.0.1/", "http://[::ffff:10.0.0.1]/", "http://169.254.169.254/latest/meta-data"),
    ],
)
def test_an_address_that_cannot_or_should_not_be_reached_is_refused(url: str):
    with pytest.raises(Invalid) as refusal:
        check_url(url, allow_private=False)
    assert refusal.value.faults[0].pointer == "/url"


@pytest.mark.parametrize("url", ["http://localhost:9000/", "http://127.0.0.1/", "http://10.0.0.1/"])
def test_private_addresses_are_taken_where_they_are_allowed(url: str):
    check_url(url, allow_private=True)


@given(keys=st.lists(st.binary(min_size=24, max_size=64), min_size=1, max_size=2), body=st.text(max_size=200))
def test_the_library_of_standard_webhooks_verifies_with_each_secret_alone(keys: list[bytes], body: str):
    now = clock.now()  # the library refuses what is not of today
    secrets = [secret_text(key) for key in keys]
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signatures(secrets, "msg_1", now, body.encode()),
    }
    for secret in secrets:
        assert base64.b64decode(secret.removeprefix("whsec_")) in keys
        Webhook(secret).verify(body.encode(), headers, json_parse=False)
