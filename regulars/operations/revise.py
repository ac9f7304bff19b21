"""Gives a launch that is under way the files as they are now: what would change, and the taking of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from regulars.content.bundle import Bundle
from regulars.content.changes import Change, changes, settled_differently
from regulars.definition.workspace import Workspace
from regulars.delivery.launches import Launch, Origin
from regulars.delivery.life import LIVE
from regulars.errors import Refused
from regulars.operations.plan import LARGEST, Desk, fitting, frozen
from regulars.operations.ports import Bundles, Launches


@dataclass(frozen=True, slots=True)
class Revision:
    """`unsent`: how many it is for. `notices`: what differs in the files and makes no difference. `troubles`: as of a plan."""

    launch: Launch
    bundle: Bundle
    changes: tuple[Change, ...]
    notices: tuple[str, ...]
    troubles: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return self.bundle.hash == self.launch.bundle


def revision(launch: Launch, workspace: Workspace, bundles: Bundles, desk: Desk, now: datetime) -> Revision:
    """Raises Refused for a launch that has ended and a campaign that is gone, and what `launch` raises for files with errors."""
    if launch.state not in LIVE:
        raise Refused(f"launch {launch.id} of {launch.campaign} is {launch.state}; other files would change nothing")
    campaign = workspace.campaigns.get(launch.campaign)
    if campaign is None:
        raise Refused(
            f'no file of this project defines the campaign "{launch.campaign}" any more',
            hint=f"go on with the files of the launch: regulars resume {launch.id}; or end it: regulars cancel {launch.id}",
        )
    bundle = frozen(workspace, campaign, desk)
    before = bundles.files(launch.bundle)
    notices = tuple(_notice(word, launch) for word in settled_differently(before, bundle.files))
    ids = desk.audiences.unsent_with_most_lines(launch.id, LARGEST)
    troubles = fitting(ids, campaign, desk.opened(bundle.files), desk, now)
    return Revision(launch, bundle, changes(before, bundle.files), notices, troubles)


def take(revised: Revision, launches: Launches, bundles: Bundles, *, by: str, origin: Origin | None, now: datetime) -> int:
    """The number of the new edition. Raises Refused when the launch has ended or was given other files meanwhile."""
    launch = revised.launch
    bundles.keep(revised.bundle, launch.campaign, origin, now)
    edition = launches.renew(launch.id, launch.bundle, revised.bundle.hash, by, now)
    if edition is None:
        raise Refused(f"launch {launch.id} of {launch.campaign} has changed meanwhile", hint=f"see: regulars status {launch.id}")
    return edition


def _notice(word: str, launch: Launch) -> str:
    if word in {"to", "except"}:
        return f"`{word}` is different now, and launch {launch.id} goes to those who were chosen when it was made"
    return f"`{word}` is different now, and stays for launch {launch.id} as it was when it was made"
