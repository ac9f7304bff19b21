"""What tests of several relays share: a certificate for `localhost`, and who trusts it."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

TLS = Path(__file__).parent / "tls"  # made for tests, for `localhost` only, trusted by nobody


@pytest.fixture
def of_server() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / "localhost.pem", TLS / "localhost.key")
    return context


@pytest.fixture
def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(TLS / "localhost.pem"))
