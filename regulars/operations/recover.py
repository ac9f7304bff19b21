"""Makes a restored backup safe to send from: what may have left since is uncertain, and evidence or a person decides."""

from __future__ import annotations

from datetime import datetime

from regulars.delivery.permission import is_behind, objection_to_stamp
from regulars.delivery.recovery import Outlook
from regulars.operations.permission import Permit
from regulars.operations.ports import Memory, Recovery


def outlook(permit: Permit, recovery: Recovery, *, anyway: bool, now: datetime) -> Outlook | None:
    """What would be done; None when the database is no restored backup as far as anybody knows, and `anyway` is not said.

    Raises Refused for another environment's database.
    """
    identity, remembered = permit.look()
    if objection := objection_to_stamp(identity, permit.named, permit.where):
        raise objection
    until = identity.overtaken
    if remembered is not None and is_behind(identity, remembered) and (until is None or until.number < remembered.number):
        until = remembered
    if until is None and not anyway:
        return None
    return Outlook(identity.generation, until, recovery.at_risk(now), identity.launch)


def recover(found: Outlook, permit: Permit, recovery: Recovery, memory: Memory, *, by: str, now: datetime) -> int:
    """How many mails are uncertain now. Their launches are paused; committed before it is remembered outside."""
    identity, _ = permit.look()
    why = f"restored from a backup of {found.since.at:%Y-%m-%d %H:%M} UTC: it may have left since"
    generation = found.next_generation(identity.now)
    count = recovery.recover(found.since.at, generation, actor=by, why=why, now=now)
    memory.keep(identity.id, generation)
    return count
