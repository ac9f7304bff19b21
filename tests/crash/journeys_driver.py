"""A worker that kills itself at one point of a turn of journeys: `python -m tests.crash.journeys_driver URL NOW POINT`.

The points lie between what the product does; it knows nothing of them. `told`: a happening is told instead of a turn.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from regulars.adapters.database import engine, journey_effects, journeys
from regulars.adapters.database.engine import Database
from tests.journeying import happening, people, tell, turn

TURN = ("claimed", "messages", "moved", "committed")
TELLING = ("begun", "told")


def strike(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(owner: Any, name: str) -> None:
    real: Callable[..., Any] = getattr(owner, name)

    def struck(*args: Any, **more: Any) -> Any:
        made = real(*args, **more)
        strike()
        return made

    setattr(owner, name, struck)


WHERE: dict[str, Callable[[], None]] = {
    "claimed": lambda: after(journeys._Page, "claim"),
    "messages": lambda: after(journey_effects, "_mails"),
    "moved": lambda: after(journeys, "write_moves"),
    "committed": lambda: after(engine, "_commit"),
    "begun": lambda: after(journeys._Page, "begin"),
    "told": lambda: after(engine, "_commit"),
}


def main(url: str, now: str, point: str) -> None:
    database, moment = Database(url), datetime.fromisoformat(now)
    [ada] = people(database, "ada") if point in TELLING else [0]
    WHERE[point]()
    if point in TELLING:
        tell(database, [happening(ada, at=moment, subject="1001")], moment)
    else:
        turn(database, moment)


if __name__ == "__main__":
    main(*sys.argv[1:])
