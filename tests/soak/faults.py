"""What the network and the relay do wrong, and how often; the same seed draws the same lots."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Faults:
    """Chances in [0, 1] for each mail; times in seconds. All zero: a relay that does what it says."""

    seed: int = 1
    lost_250: float = 0            # taken and logged, and then the line is dropped without an answer
    dropped_after_dot: float = 0   # the dot was read, the mail thrown away, the line dropped
    dropped_in_body: float = 0
    dropped_after_rcpt: float = 0
    dropped_after_mail: float = 0
    later_at_rcpt: float = 0       # 451
    later_after_dot: float = 0     # 451
    closing: float = 0             # 421 at MAIL, and the line is closed
    hang: float = 0                # taken and logged, and the answer comes after up to `hang_seconds`
    hang_seconds: float = 0
    latency: float = 0             # each group of answers waits for up to so long
    log_delay: float = 0           # the Postfix log tells of a mail up to so long after it was taken

    @classmethod
    def read(cls, text: str) -> Faults:
        return cls(**json.loads(text))

    def written(self) -> str:
        return json.dumps(asdict(self))


#: Everything at once, at the rates of a bad day.
BAD_DAY = Faults(
    lost_250=0.002, dropped_after_dot=0.001, dropped_in_body=0.001, dropped_after_rcpt=0.001, dropped_after_mail=0.001,
    later_at_rcpt=0.01, later_after_dot=0.01, closing=0.001, hang=0.001, hang_seconds=1.0, latency=0.010, log_delay=0.1,
)


class Lots:
    """Draws for one sink."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._random = Random(faults.seed)

    def drawn(self, fault: str) -> bool:
        chance = getattr(self.faults, fault)
        return chance > 0 and self._random.random() < chance

    def up_to(self, seconds: float) -> float:
        return self._random.random() * seconds if seconds else 0.0

    def either(self) -> bool:
        return self._random.random() < 0.5
