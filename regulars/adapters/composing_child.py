"""The process in which templates run: it holds no connection, is told only what a mail needs, and may use little.

It takes requests from its standard input and answers on its standard output, one frame a job, until the input
ends, as it does when the parent is gone. (A death signal of the kernel's would come with the end of the thread that
started us.) What cannot be stopped from inside, the parent stops, and RLIMIT_CPU where even the parent cannot.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any, BinaryIO

from regulars.adapters.composing_wire import (
    BUG,
    LENGTH,
    MEMORY,
    MOST_ROOMS,
    READY,
    SECONDS,
    TOO_LARGE,
    TOO_SLOW,
    Answer,
    of_composed,
    of_email,
    of_trouble,
    packed_answer,
    read_request,
)
from regulars.content.email import BeyondLimits, CannotCompose
from regulars.content.mailroom import MailRoom, open_bundle
from regulars.delivery.composing import Composed, Job, Trouble, composed

GRACE = 3           # more seconds of CPU, after which the kernel ends what nothing else could


class TimeIsUp(BaseException):
    """Not an Exception, lest a template's filter take it for its own."""


def main() -> None:
    requests, answers = _pipes()
    _arrange_signals()
    _limit_memory()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)  # mails leave no cycles behind; looking for them often costs a tenth
    rooms: dict[int, MailRoom] = {}
    fit = True
    try:
        _say(answers, packed_answer(Answer(READY, time.process_time())))
        while fit and (payload := _next(requests)) is not None:
            fit = _work(payload, rooms, answers)
    except BrokenPipeError:
        pass  # the parent is gone


def _work(payload: bytes, rooms: dict[int, MailRoom], answers: int) -> bool:
    """Answers each job. False: memory or time ran out, and what is left of them is no start for another mail."""
    request = read_request(payload)
    until = 0.0
    for job in request.jobs:
        now = time.process_time()
        if now >= until:
            until = now + SECONDS
            _limit(resource.RLIMIT_CPU, int(until) + GRACE)
        answer, fit = _within_limits(job, request.room, request.texts, rooms, request.whole)
        _say(answers, answer)
        if not fit:
            return False
    return True


def _within_limits(job: Job, number: int, texts: Any, rooms: dict[int, MailRoom], whole: bool) -> tuple[bytes, bool]:
    try:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        answer = packed_answer(_answer(_room(number, texts, rooms), job, whole))
        signal.setitimer(signal.ITIMER_PROF, 0)
    except TimeIsUp:
        return _beyond(TOO_SLOW), False
    except MemoryError:
        signal.setitimer(signal.ITIMER_PROF, 0)
        return _beyond(TOO_LARGE), False
    except Exception:  # noqa: BLE001  a mistake of ours, which the parent raises
        return packed_answer(Answer(BUG, time.process_time(), (traceback.format_exc(),))), False
    return answer, True


def _answer(room: MailRoom, job: Job, whole: bool) -> Answer:
    if not whole:
        made = composed(room, job)
        now = time.process_time()
        return of_composed(made, now) if isinstance(made, Composed) else of_trouble(made, now)
    try:
        return of_email(room.compose(job.recipient, job.occasion), time.process_time())
    except CannotCompose as error:
        return of_trouble(Trouble(error.reason, isinstance(error, BeyondLimits)), time.process_time())


def _beyond(reason: str) -> bytes:
    return packed_answer(of_trouble(Trouble(reason, beyond_limits=True), time.process_time()))


def _room(number: int, texts: Any, rooms: dict[int, MailRoom]) -> MailRoom:
    if number not in rooms:
        while len(rooms) >= MOST_ROOMS:
            del rooms[next(iter(rooms))]
        rooms[number] = open_bundle(texts)
    return rooms[number]


def _pipes() -> tuple[BinaryIO, int]:
    """Whatever prints, prints to the log and not between the answers."""
    answers = os.dup(1)
    os.dup2(2, 1)
    return sys.stdin.buffer, answers


def _arrange_signals() -> None:
    """Ctrl-C and SIGTERM go to whole groups of processes; this one ends when its parent has no more for it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, _time_is_up)


def _time_is_up(_number: int, _frame: Any) -> None:
    raise TimeIsUp


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sizes = Path("/proc/self/statm")
    if sizes.exists():  # elsewhere the kernel does not keep the limit anyway
        own = int(sizes.read_text().split()[0]) * resource.getpagesize()
        _limit(resource.RLIMIT_AS, own + MEMORY)


def _limit(what: int, most: int) -> None:
    """Within what whoever started us is allowed."""
    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _next(requests: BinaryIO) -> bytes | None:
    head = requests.read(LENGTH.size)
    return requests.read(LENGTH.unpack(head)[0]) if head else None


def _say(answers: int, frame: bytes) -> None:
    rest = memoryview(frame)
    while rest:
        rest = rest[os.write(answers, rest):]


if __name__ == "__main__":
    main()
