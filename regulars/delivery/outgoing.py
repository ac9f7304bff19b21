"""A mail ready to leave: its bytes, its Message-ID and the two addresses on the envelope."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from regulars.content.email import Email
from regulars.content.tokens import MessageRef
from regulars.delivery.addresses import ascii_address, ascii_domain
from regulars.delivery.message_id import message_id
from regulars.delivery.mime import mime_bytes


@dataclass(frozen=True, slots=True)
class Outgoing:
    """`content`: the whole mail, CRLF line ends, dots unstuffed. `sha256`: of the content, in hex; what a second
    copy and a later preview are held against. `message_id` has its angle brackets."""

    ref: MessageRef
    message_id: str
    envelope_from: str
    envelope_to: str
    content: bytes = field(repr=False)
    sha256: str


def outgoing(email: Email, ref: MessageRef, launch_key: str) -> Outgoing:
    """The mail as it leaves; equal arguments give equal bytes. Raises CannotCompose for an address that no mail reaches."""
    content = mime_bytes(email, ref, launch_key)
    return Outgoing(
        ref,
        message_id(ref, launch_key, ascii_domain(email.from_.domain)),
        ascii_address(email.from_.address),
        ascii_address(email.to.address),
        content,
        sha256(content).hexdigest(),
    )
