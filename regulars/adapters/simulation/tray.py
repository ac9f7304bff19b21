"""Mails of one customer between a step that made them and their leaving; what left counts for contact limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from regulars.audience.zones import zone_of
from regulars.definition.workspace import Campaign, CampaignKind
from regulars.journeys.contact import Admission, Admitted, Contact, Dropped, History, Later, Mail
from regulars.journeys.limits import Limits, in_turn
from regulars.journeys.simulation import Batch, Posted, PostedMail

Ref = tuple[int, int]


@dataclass(slots=True)
class _Waiting:
    mail: PostedMail
    due: datetime
    first_due: datetime
    expires: datetime
    held: list[str] = field(default_factory=list)


class Tray:
    """`posted`: what has left, or will not."""

    def __init__(self, contacts: Sequence[Contact]) -> None:
        self.posted: list[Posted] = []
        self._waiting: dict[Ref, _Waiting] = {}
        self._contacts: dict[Ref, Contact] = {(0, place): contact for place, contact in enumerate(contacts)}

    def add(self, mail: PostedMail, now: datetime, expires: datetime) -> None:
        self._waiting[mail.ref] = _Waiting(mail, now, now, expires)

    def next_due(self) -> datetime | None:
        return min((one.due for one in self._waiting.values()), default=None)

    def has(self, launch_id: int, occurrence: int) -> bool:
        """Made before, whether or not it has left."""
        mails = [*(one.mail for one in self._waiting.values()), *(one.mail for one in self.posted)]
        return any(mail.ref[0] == launch_id and mail.occurrence == occurrence for mail in mails)

    def due(self, now: datetime) -> Iterator[Batch]:
        """Launch by launch, as a sweep finds them."""
        refs = sorted(ref for ref, one in self._waiting.items() if one.due <= now)
        for _, group in groupby(refs, key=lambda ref: ref[0]):
            mails = [self._waiting[ref].mail for ref in group]
            yield Batch(mails[0].campaign, mails)

    def admit(self, batch: Batch, limits: Limits, place: History, now: datetime) -> Mapping[Ref, Admission]:
        since = limits.since(now)
        self._contacts = {ref: contact for ref, contact in self._contacts.items() if contact.at > since}
        asking = sorted((mail.ref for mail in batch.mails), key=lambda ref: (self._waiting[ref].due, ref))
        waiting = {ref: _as_mail(one) for ref, one in self._waiting.items() if one.mail.campaign.kind is not CampaignKind.TRANSACTIONAL}
        return in_turn(asking, waiting, self._contacts, place, limits, now)

    def settle(self, mail: PostedMail, verdict: Admission, now: datetime) -> None:
        one = self._waiting[mail.ref]
        match verdict:
            case Later(until, reason):
                one.due = until
                one.held.append(reason)
                return
            case Admitted():
                self.posted.append(Posted(mail, now, None, tuple(one.held)))
                if mail.campaign.kind is not CampaignKind.TRANSACTIONAL:
                    self._contacts[mail.ref] = Contact(now, mail.campaign.topic, mail.campaign.class_)
            case Dropped(reason):
                self.posted.append(Posted(mail, now, reason, tuple(one.held)))
        del self._waiting[mail.ref]

    def left_over(self) -> int:
        return len(self._waiting)


def place_of(timezone: str | None, country: str | None, shop_zone: str, open_: set[str]) -> History:
    return History(zone_of(timezone, country, shop_zone), country, open=open_)


def _as_mail(one: _Waiting) -> Mail:
    campaign: Campaign = one.mail.campaign
    return Mail(one.due, one.first_due, campaign.topic, campaign.class_, campaign.over_limit, one.expires)


