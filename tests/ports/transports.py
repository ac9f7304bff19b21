"""The transports that one suite is run against: a fake, the spool and a relay, each with a way to see what arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from regulars.content.tokens import MessageRef
from regulars.delivery.evidence import Sought
from regulars.delivery.outcomes import Outcome, Phase, Result
from regulars.delivery.outgoing import Outgoing
from regulars.operations.ports import Ledger

SCRIPT = {
    # a recipient's name: what becomes of the mail, when, and whether a copy is there
    "later": (Outcome.DEFERRED, Phase.RCPT, 450, "4.2.1", False),
    "never": (Outcome.REJECTED, Phase.RCPT, 550, "5.1.1", False),
    "shutting.down": (Outcome.LOST_BEFORE_DOT, Phase.RCPT, 421, None, False),
    "hangup.rcpt": (Outcome.LOST_BEFORE_DOT, Phase.RCPT, None, None, False),
    "hangup.data": (Outcome.LOST_BEFORE_DOT, Phase.DATA, None, None, False),
    "dot.later": (Outcome.DEFERRED, Phase.DOT, 451, "4.3.0", False),
    "dot.never": (Outcome.REJECTED, Phase.DOT, 554, "5.7.1", False),
    "dot.hangup": (Outcome.LOST_AFTER_DOT, Phase.DOT, None, None, True),
}
FINE = (Outcome.ACCEPTED, Phase.DOT, 250, "2.0.0", True)


class FakeTransport:
    """Mail that goes nowhere, and goes wrong as SCRIPT says for its recipient's name."""

    def __init__(self) -> None:
        self.contents: dict[MessageRef, bytes] = {}

    def send(self, batches: Iterable[Sequence[Outgoing]], ledger: Ledger, go_on: Callable[[], bool]) -> None:
        results: list[Result] = []
        for mail in chain.from_iterable(batches):
            if not go_on():
                break
            outcome, phase, code, enhanced, copied = SCRIPT.get(mail.envelope_to.partition("@")[0], FINE)
            if phase is Phase.DOT:
                if mail.ref not in ledger.turn(results, [mail.ref]):
                    results = []
                    continue
                results = []
            if copied:
                self.contents[mail.ref] = mail.content
            results.append(Result(mail.ref, outcome, phase, code, enhanced, evidence="reply" if outcome is Outcome.ACCEPTED else None))
        ledger.turn(results, [])

    @property
    def address(self) -> str:
        return "smtp://fake.example:25"

    def arrived(self, mails: Sequence[Sought]) -> Mapping[MessageRef, bool]:
        return {mail.ref: mail.ref in self.contents for mail in mails if mail.ref in self.contents or mail.handed_to == self.address}

    def close(self) -> None:
        pass


@dataclass
class Notebook:
    """A ledger that keeps the order of things; `refuses` are not let go."""

    refuses: frozenset[MessageRef] = frozenset()
    results: list[Result] = field(default_factory=list)
    handoffs: list[MessageRef] = field(default_factory=list)
    turns: int = 0
    at_handoff: Callable[[Sequence[MessageRef]], None] = lambda refs: None

    def turn(self, results: Sequence[Result], handoffs: Sequence[MessageRef]) -> set[MessageRef]:
        self.turns += 1
        self.results += results
        self.handoffs += handoffs
        self.at_handoff(handoffs)
        return set(handoffs) - self.refuses

    def of(self, ref: MessageRef) -> Result | None:
        return next((result for result in self.results if result.ref == ref), None)


def mail_to(address: str, number: int = 1, content: bytes | None = None) -> Outgoing:
    if content is None:
        head = f"Subject: {number}\r\nTo: {address}\r\nMessage-ID: <{number}.key@shop.example>\r\n"
        content = f"{head}\r\nMerhaba\r\n.\r\n..two dots\r\nthe end\r\n".encode()
    return Outgoing(MessageRef(7, number), f"<{number}.key@shop.example>", "shop@shop.example", address, content, f"{number:064d}")


def send_all(transport, mails: Sequence[Outgoing], ledger: Ledger) -> None:
    """One batch, to its end."""
    transport.send([mails], ledger, lambda: True)
