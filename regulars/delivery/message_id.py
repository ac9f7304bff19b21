"""Message-ID: computed from launch and number, never stored, and the same length in a preview."""

from __future__ import annotations

import re

from regulars.content.tokens import MessageRef

LAUNCH_KEY_LENGTH = 12
PREVIEW_LAUNCH_KEY = "preview" + "0" * (LAUNCH_KEY_LENGTH - len("preview"))
_FORM = re.compile(r"<?(?P<number>\d{10})\.(?P<launch_key>[0-9a-z]{1,16})@[^<>@\s]+>?")
_REFERENCE = re.compile(r"([1-9]\d{0,8})-([1-9]\d{0,8})", re.ASCII)


def message_id(ref: MessageRef, launch_key: str, domain: str) -> str:
    """`<{number}.{launch.key}@domain>`; a message that is sent again keeps it, so that programs see one mail."""
    return f"<{local_part(ref, launch_key)}@{domain}>"


def local_part(ref: MessageRef, launch_key: str) -> str:
    return f"{ref.number:010d}.{launch_key}"


def reference(text: str) -> MessageRef | None:
    """What `12-345` names: launch and number, as commands and logs print a message."""
    match = _REFERENCE.fullmatch(text.strip())
    return MessageRef(int(match[1]), int(match[2])) if match else None


def launch_key_and_number(text: str) -> tuple[str, int] | None:
    """What a Message-ID of ours names; None for anybody else's."""
    match = _FORM.fullmatch(text.strip())
    return (match["launch_key"], int(match["number"])) if match else None
