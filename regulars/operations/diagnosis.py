"""What the doctor's findings mean: each a health, what was found, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from regulars.definition.feeds import Feed
from regulars.delivery.errands import GivenUp
from regulars.delivery.gauges import Gauges
from regulars.delivery.permission import (
    Generation,
    Identity,
    in_words,
    is_behind,
    objection_to_age,
    objection_to_stamp,
)
from regulars.delivery.workers import Worker
from regulars.loyalty.feed import FeedState, every

MISSING_AFTER = timedelta(seconds=60)   # a turn with a slow relay takes some ten
PATIENCE = timedelta(minutes=2)         # that a due mail may wait while workers are seen
MOST_SKEW = 2.0                         # seconds; leases are the database's, but times of mails are each machine's own
WRONG_SKEW = 60.0
LITTLE_ROOM, NO_ROOM = 2 << 30, 200 << 20   # bytes
SAID_FOR = timedelta(days=7)            # after an errand was given up
LONG_QUEUE = 1_000                      # bells; a handful is normal


class Health(StrEnum):
    WELL = "ok"
    DOUBTFUL = "warn"   # somebody should look; nothing is lost by waiting
    ILL = "bad"


Finding = tuple[Health, str, str]  # health, what was found, what to do


@dataclass(frozen=True, slots=True)
class Space:
    """A file system. `what` lies on it; `free`: bytes."""

    what: str
    path: str
    free: int


def well(detail: str) -> Finding:
    return Health.WELL, detail, ""


def judge_environment(identity: Identity, named: str, where: str, *, only_to: str, is_shared: bool) -> Finding:
    """`is_shared`: the database is a server's, which others could reach too."""
    if objection := objection_to_stamp(identity, named, where):
        return Health.ILL, objection.message, objection.hint
    limits = f"; mail goes to {only_to} only" if only_to else ""
    if not named and is_shared:
        return (
            Health.DOUBTFUL, f"without a name: a staging shop that is pointed here by mistake would be let in{limits}",
            "set REGULARS_ENVIRONMENT=production for all its processes, then: regulars db stamp production",
        )
    return well(f"{in_words(named)}, and the database is stamped so{limits}")


def judge_backup(identity: Identity, remembered: Generation | None, where: str) -> Finding:
    if objection := objection_to_age(identity, where):
        return Health.ILL, objection.message, objection.hint
    if remembered is not None and is_behind(identity, remembered):
        return judge_backup(replace(identity, overtaken=remembered), remembered, where)
    if remembered is None and identity.generation.number:
        return (
            Health.DOUBTFUL, "this machine remembers nothing of the database yet, so it would not notice an older copy of it",
            "nothing to do on a new machine; if it stays so, let the process write into .regulars, or give it a broker",
        )
    return well(f"the database is the newest that is known, generation {identity.generation.number}")


def judge_workers(workers: Sequence[Worker], gauges: Gauges, *, is_embedded: bool) -> Finding:
    """Who sends, and whether anybody has to."""
    here = [worker for worker in workers if worker.kind != "beat" and worker.age < MISSING_AFTER]
    gone = [worker for worker in workers if worker.kind != "beat" and worker.age >= MISSING_AFTER]
    beats = [worker for worker in workers if worker.kind in {"beat", "up"} and worker.age < MISSING_AFTER]
    start = "regulars up" if is_embedded else "regulars worker --beat"
    overdue = gauges.overdue or timedelta()
    if overdue > MISSING_AFTER and not here and not gauges.in_hand:
        return Health.ILL, f"mail is due for {span(overdue)} and nobody sends it", f"start somebody who does: {start}"
    if overdue > PATIENCE and (troubled := [worker for worker in here if worker.trouble]):
        return Health.ILL, f"mail is due for {span(overdue)}: {troubled[0].trouble}", f"see to it; {troubled[0].owner} tries again by itself"
    if overdue > PATIENCE and not beats and not gauges.in_hand:
        return Health.ILL, f"mail is due for {span(overdue)} and no beat is heard", "start one worker with --beat: regulars worker --beat"
    return _judge_calm(here, gone, beats, is_embedded=is_embedded, start=start)


def _judge_calm(
    here: Sequence[Worker], gone: Sequence[Worker], beats: Sequence[Worker], *, is_embedded: bool, start: str
) -> Finding:
    seen = ", ".join(f"{worker.owner} ({worker.kind}, {span(worker.age)} ago)" for worker in here) or "none"
    if troubled := [worker for worker in here if worker.trouble]:
        return Health.DOUBTFUL, f"{troubled[0].owner} sends nothing: {troubled[0].trouble}", "see to it; it tries again by itself"
    if gone:
        lost = ", ".join(f"{worker.owner} ({span(worker.age)} ago)" for worker in gone)
        return (
            Health.DOUBTFUL, f"not seen any more: {lost}; seen: {seen}",
            f"killed workers' mails come free when their leases end; start another: {start}",
        )
    if is_embedded:
        return well(f"seen: {seen}" if here else "none runs and none is needed; mail that is due later wants regulars up")
    if not here:
        return Health.DOUBTFUL, "no worker is seen; a launch would wait for one", f"start one: {start}"
    if not beats:
        return Health.DOUBTFUL, f"seen: {seen}; but no beat, so a lost bell would not be noticed", "give one worker --beat"
    return well(f"seen: {seen}; beat {span(min(beat.age for beat in beats))} ago")


def judge_errands(given_up: Sequence[GivenUp]) -> Finding:
    """Webhooks and notes of automations that nobody took."""
    if not given_up:
        return well("every webhook and note of automations was taken, or will be tried again")
    said = "; ".join(f"{one.kind} of {one.campaign}, step {one.step}: {one.count} given up, the last one said {one.answer}" for one in given_up)
    return Health.DOUBTFUL, said, "mend who should take them; what was given up is not told again"


def judge_feeds(sources: Mapping[str, Feed], states: Sequence[FeedState], now: datetime, *, start: str) -> Finding:
    """Each source that cannot be pulled, and each that nobody pulls."""
    by_name = {state.name: state for state in states}
    failing = [state for name in sources if (state := by_name.get(name)) and state.failing_since is not None]
    if failing:
        said = "; ".join(f"{state.name} fails since {state.failing_since:%Y-%m-%d %H:%M}: {state.outcome}" for state in failing)
        return Health.ILL, said, f"see to it, then: regulars sources pull {failing[0].name}"
    waiting = [name for name, feed in sources.items() if _is_late(by_name.get(name), feed, now)]
    if waiting:
        return Health.DOUBTFUL, f"nobody pulls {' and '.join(waiting)}", f"start somebody who does: {start}"
    return well(f"{', '.join(sources)}: pulled as regulars.yaml says")


def _is_late(state: FeedState | None, feed: Feed, now: datetime) -> bool:
    return state is None or state.next_at is None or now - state.next_at > every(feed)


def judge_clocks(skew: float, workers: Sequence[Worker]) -> Finding:
    """`skew`: seconds that this machine's clock is ahead of the database's."""
    clocks = {"this machine": skew, **{worker.owner: worker.skew for worker in workers if worker.age < MISSING_AFTER}}
    who, worst = max(clocks.items(), key=lambda clock: abs(clock[1]))
    if abs(worst) <= MOST_SKEW:
        return well(f"within {abs(worst):.1f} s of the database's")
    health = Health.ILL if abs(worst) >= WRONG_SKEW else Health.DOUBTFUL
    way = "ahead of" if worst > 0 else "behind"
    return health, f"the clock of {who} is {abs(worst):.0f} s {way} the database's", "let all machines keep time by NTP (timedatectl set-ntp true)"


def judge_disk(spaces: Sequence[Space], size: int | None) -> Finding:
    """`size`: of the database, in bytes; None where it may not be asked."""
    database = f"; the database has {amount(size)}" if size is not None else ""
    tightest = min(spaces, key=lambda space: space.free)
    left = f"{amount(tightest.free)} left for {tightest.what} at {tightest.path}{database}"
    if tightest.free >= LITTLE_ROOM:
        return well(left)
    return (Health.ILL if tightest.free < NO_ROOM else Health.DOUBTFUL), left, f"make room at {tightest.path}, or move {tightest.what} to a larger disk"


def judge_redis(policy: str | None, queue: int) -> Finding:
    """`policy`: maxmemory-policy; None where the server does not tell. `queue`: bells that nobody has heard yet."""
    if policy not in {"noeviction", None}:
        return Health.ILL, f"Redis may throw away work when its memory is full ({policy})", "set maxmemory-policy noeviction"
    if queue > LONG_QUEUE:
        return Health.DOUBTFUL, f"Redis answers, and {queue:,} bells wait there", "start workers; old bells are thrown away by themselves"
    if policy is None:
        return Health.DOUBTFUL, "Redis answers, but does not tell its maxmemory-policy", "make sure that it is noeviction"
    return well(f"Redis answers, and keeps what it is given; {queue} {'bell waits' if queue == 1 else 'bells wait'}")


def judge_web(report: Mapping[str, Any], base_url: str) -> Finding:
    """`report`: what /healthz of the web door says."""
    waiting, lost, lag = report.get("waiting_hits", 0), report.get("lost_hits", 0), report.get("lag_seconds", 0.0)
    said = f"{base_url} answers; {waiting} hits wait to be stored, the oldest for {lag:.0f} s; {lost} were lost"
    if report.get("status") != "ok":
        return Health.DOUBTFUL, said, "see whether the web door's machine reaches the database"
    return well(said)


def span(length: timedelta) -> str:
    seconds = max(int(length.total_seconds()), 0)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def amount(size: int) -> str:
    """Bytes, as people say them."""
    for power, unit in ((30, "GiB"), (20, "MiB")):
        if size >= 1 << power:
            return f"{size / (1 << power):.1f} {unit}"
    return f"{size / 1024:.0f} KiB"
