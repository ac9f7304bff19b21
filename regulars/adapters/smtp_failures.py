"""Why a relay could not be reached or entered, in the words of whoever set REGULARS_MAIL_URL."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator

from aiosmtplib import SMTPAuthenticationError, SMTPException, SMTPResponseException, SMTPTimeoutError

from regulars.errors import SettingsError, Unreachable


def refused(where: str, user: str, error: Exception) -> Unreachable | SettingsError:
    """The exception to raise; SettingsError only where trying again cannot help."""
    if isinstance(error, SMTPAuthenticationError) and error.code >= 500:
        problem = (
            f"REGULARS_MAIL_URL: the relay {where} does not let {user!r} in: {error.code} {error.message}; "
            "check user and password (letters like @ : / are written as %40 %3A %2F)"
        )
        return SettingsError([problem])
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Unreachable(
                f"the certificate of {where} cannot be trusted: {cause.verify_message}",
                hint="use the host name that the certificate was made for; SSL_CERT_FILE names a private authority",
            )
        if isinstance(cause, ssl.SSLError):
            return Unreachable(
                f"no TLS with {where}: {cause.reason or cause}", hint="port 465 wants tls=implicit, ports 587 and 25 tls=starttls"
            )
    if isinstance(error, SMTPResponseException):
        return Unreachable(f"the relay {where} turned us away: {error.code} {error.message}", hint="it may be busy; try again later")
    if isinstance(error, SMTPTimeoutError):
        return Unreachable(f"the relay {where} does not answer", hint="check host and port in REGULARS_MAIL_URL, or in the variable of the relay of that name, and firewalls")
    if "STARTTLS" in str(error):
        return Unreachable(f"the relay {where} does not offer STARTTLS", hint="use its port for TLS with tls=implicit, often 465")
    if isinstance(error, SMTPException) and "AUTH" in str(error):
        return SettingsError([f"REGULARS_MAIL_URL: the relay {where} asks for no password here; leave out USER:PASSWORD@, or use tls=starttls"])
    return Unreachable(
        f"the relay {where} cannot be reached: {_plainly(error)}", hint="check REGULARS_MAIL_URL, or in the variable of the relay of that name, and that the relay runs"
    )


def wants_an_account(where: str, code: int, words: str) -> SettingsError:
    """For a relay that takes no mail from who has not signed in, or not encrypted."""
    problem = (
        f"REGULARS_MAIL_URL: {where} takes no mail this way: {code} {words}; "
        "it wants TLS, or a user and password: smtp://USER:PASSWORD@HOST:587?tls=starttls"
    )
    return SettingsError([problem])


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _plainly(error: BaseException) -> str:
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return f"its name is not known ({cause.strerror})"
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno).lower()
    return "nobody listens there" if "Connect call failed" in str(error) else str(error)
