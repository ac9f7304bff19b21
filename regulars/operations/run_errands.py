"""Runs the errands that are due: webhooks are posted, notes to the team are mailed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from regulars.delivery.errands import Answer, ErrandDue, ErrandState, body_of, settled, signed_headers
from regulars.delivery.note_mail import note_mail
from regulars.delivery.outcomes import Outcome
from regulars.errors import RegularsError
from regulars.operations.office import PostOffice
from regulars.operations.ports import Automations, Courier, Errands
from regulars.operations.test_send import hand_over, in_words

log = logging.getLogger("regulars.errands")
LEASE = 120  # seconds that one errand takes at most, far more than its courier waits


@dataclass(frozen=True, slots=True)
class ErrandDesk:
    errands: Errands
    courier: Courier
    automations: Automations
    office: PostOffice


def run_errands(desk: ErrandDesk, go_on: Callable[[], bool]) -> int:
    """How many were tried while `go_on()`. Each is tried at least once more than it is known to have failed: a killed process leaves
    an errand to the next one, and only the receiver can tell that it was there before."""
    office, tried = desk.office, 0
    while go_on():
        office.permit()
        errand = desk.errands.claim(LEASE, office.clock.now())
        if errand is None:
            break
        answer = _mail_note(errand, desk) if errand.kind == "notify" else _post_hook(errand, desk)
        done = settled(errand, answer, office.clock.now(), office.jitter())
        desk.errands.settle(done)
        if done.state is ErrandState.FAILED:
            log.warning("errand %s, the %s of %s at %s, was given up after %s tries", errand.id, errand.kind, errand.campaign, errand.step, done.attempts)
        tried += 1
    return tried


def _post_hook(errand: ErrandDue, desk: ErrandDesk) -> Answer:
    body = body_of(errand)
    return desk.courier.post(errand.target, body, signed_headers(errand, body, desk.office.keys.newest.secret, desk.office.clock.now()))


def _mail_note(errand: ErrandDue, desk: ErrandDesk) -> Answer:
    office, edition = desk.office, (errand.campaign, errand.edition)
    if not office.only_to.allows(errand.target):
        return Answer(taken=False, words=f"{errand.target} is not in REGULARS_ONLY_TO", for_good=True)
    try:
        shop = desk.automations.editions([edition])[edition].shop
        results = hand_over(note_mail(shop, errand, office.clock.now()), office.way(shop, None).transport)
    except RegularsError as error:
        return Answer(taken=False, words=error.message)
    rejected = any(result.outcome is Outcome.REJECTED for result in results)
    return Answer(any(result.outcome is Outcome.ACCEPTED for result in results), in_words(results), for_good=rejected)
