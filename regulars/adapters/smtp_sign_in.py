"""Knocks at a relay as a send would: connection, EHLO, TLS, AUTH; and goes away without a mail."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

from aiosmtplib import SMTP, SMTPException

from regulars.adapters.smtp_failures import refused

PATIENCE = 15  # seconds for each answer


def sign_in(host: str, port: int, user: str, password: str, tls: str, context: ssl.SSLContext | None = None) -> str:
    """What the relay let us do, in words. `tls`: none | starttls | implicit. Raises Unreachable, or SettingsError for wrong credentials."""
    return asyncio.run(_sign_in(host, port, user, password, tls, context or ssl.create_default_context()))


async def _sign_in(host: str, port: int, user: str, password: str, tls: str, context: ssl.SSLContext) -> str:
    client = SMTP(
        hostname=host, port=port, timeout=PATIENCE, use_tls=tls == "implicit", start_tls=tls == "starttls",
        tls_context=None if tls == "none" else context,
    )
    try:
        await client.connect()
        await client.ehlo()
        if user:
            await client.login(user, password)
    except (SMTPException, OSError) as error:
        client.close()
        raise refused(f"{host}:{port}", user, error) from error
    said = ", ".join([
        "without TLS" if tls == "none" else "by TLS", f"signed in as {user}" if user else "no sign-in",
        *(word for word in ("pipelining", "smtputf8") if client.supports_extension(word)),
    ])
    with suppress(SMTPException, OSError):
        await client.quit(timeout=2)
    return said
