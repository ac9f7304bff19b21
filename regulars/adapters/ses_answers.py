"""What Amazon SES's answers are in the words of the relays: numbers as its own SMTP door gives them, and phases."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from regulars.content.tokens import MessageRef
from regulars.delivery.outcomes import Outcome, Phase, Result

LONGEST_REPLY = 500
_TOO_MUCH = ("TooManyRequests", "Throttling", "RequestLimitExceeded")
_NOT_LET_IN = ("UnrecognizedClient", "InvalidClientTokenId", "InvalidSignature", "SignatureDoesNotMatch", "ExpiredToken", "MissingAuthenticationToken")


@dataclass(frozen=True, slots=True)
class Unsent:
    """The request never left: nobody listens, or nobody has that name."""

    ref: MessageRef
    why: str


def taken(ref: MessageRef, said: Mapping[str, Any]) -> Result:
    return Result(ref, Outcome.ACCEPTED, Phase.DOT, 250, reply=f"Ok {said['MessageId']}", evidence="reply")


def is_before_sending(error: Exception) -> bool:
    """Only what certainly happened before the first byte; all else may have left."""
    from botocore.exceptions import (
        ConnectTimeoutError,
        EndpointConnectionError,
        NoCredentialsError,
        ProxyConnectionError,
    )

    before = (EndpointConnectionError, ConnectTimeoutError, NoCredentialsError, ProxyConnectionError)
    return isinstance(error, before) or any(isinstance(one, ssl.SSLCertVerificationError) for one in _behind(error))


def _behind(error: BaseException) -> Iterator[object]:
    """The exceptions that it was raised for; urllib3 keeps some as an argument."""
    cause: BaseException | None = error
    while cause is not None:
        yield from (cause, *cause.args)
        cause = cause.__cause__ or cause.__context__


def answer(ref: MessageRef, error: Exception) -> Result:
    """A refusal, if SES named one; else nobody knows whether it has the mail."""
    from botocore.exceptions import ClientError

    if isinstance(error, ClientError):
        named, status = error.response.get("Error", {}), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        name, words = str(named.get("Code", "")), f"{named.get('Code')}: {named.get('Message')}"[:LONGEST_REPLY]
        if outcome := _meaning(name, status):
            return Result(ref, outcome[0], Phase.DOT, outcome[1], reply=words)
        return Result(ref, Outcome.LOST_AFTER_DOT, Phase.DOT, reply=words)
    return Result(ref, Outcome.LOST_AFTER_DOT, Phase.DOT, reply=str(error)[:LONGEST_REPLY])


def _meaning(name: str, status: int) -> tuple[Outcome, int] | None:
    """None: a server on the way gave up, and what is behind it perhaps did not (a gateway's answer has no name, only a number)."""
    if name.startswith(_TOO_MUCH) or status == 429:
        return Outcome.DEFERRED, 454
    if name.startswith(_NOT_LET_IN):
        return Outcome.REJECTED, 535
    if 400 <= status < 500:
        return Outcome.REJECTED, 554
    if status >= 500 and name and not name.isdigit():
        return Outcome.DEFERRED, 451
    return None
