"""Composes in a child process, so that a template which takes all memory, all time or the process itself takes only that."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from itertools import count
from pathlib import Path
from select import POLLIN, poll
from threading import Lock
from time import monotonic, sleep
from weakref import WeakKeyDictionary

from regulars.adapters.composing_wire import (
    BEYOND,
    BUG,
    LENGTH,
    MOST_ROOMS,
    SECONDS,
    TOO_LARGE,
    TOO_SLOW,
    TROUBLE,
    Answer,
    Request,
    composed_of,
    email_of,
    framed,
    packed_request,
    read_answer,
)
from regulars.content.email import BeyondLimits, CannotCompose, Email, Occasion
from regulars.content.mailroom import MailRoom
from regulars.content.recipient import Recipient
from regulars.delivery.composing import Composed, Job, Trouble
from regulars.errors import RegularsError

PATIENCE = 1.25   # seconds without an answer before anybody asks why
GUILTY = SECONDS + 0.2  # of CPU: by then the child would have given up by itself, if it still could
STARVING = 60.0   # seconds without an answer when the machine had no CPU for it
LOOK = 0.2        # seconds between two looks at a child that says nothing
GATHER = 0.004    # seconds in which answers gather: whoever fetches each alone takes the other threads from their work
ROOM = 1 << 20    # bytes in the pipe, so that the child need not wait until each mail is fetched


class ComposingChild:
    """The port's Composer. The child begins with the first mail; any thread may ask, one after another."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._child: _Child | None = None
        self._numbers: WeakKeyDictionary[MailRoom, int] = WeakKeyDictionary()
        self._count = count(1)

    def email(self, room: MailRoom, recipient: Recipient, occasion: Occasion) -> Email:
        """As `MailRoom.compose`. Raises CannotCompose; BeyondLimits where the template takes too much."""
        [answer] = self._answers(room, [Job(recipient, occasion)], whole=True)
        made = email_of(answer, occasion)
        if isinstance(made, Trouble):
            raise (BeyondLimits if made.beyond_limits else CannotCompose)(made.reason)
        return made

    def letters(self, room: MailRoom, jobs: Sequence[Job]) -> Generator[Composed | Trouble]:
        """An answer for each job, in order, as they are ready."""
        with closing(self._answers(room, jobs, whole=False)) as answers:
            for job, answer in zip(jobs, answers, strict=True):
                yield composed_of(answer, job)

    def close(self) -> None:
        """Also while somebody still waits for an answer, who is not to keep a process from ending."""
        alone = self._lock.acquire(timeout=PATIENCE)
        self._discard()
        if alone:
            self._lock.release()

    def _answers(self, room: MailRoom, jobs: Sequence[Job], *, whole: bool) -> Generator[Answer]:
        with self._lock:
            done, second = 0, False
            try:
                while done < len(jobs):
                    answer = None
                    try:
                        for answer in self._ready().ask(self._number(room), room, jobs[done:], whole=whole):
                            if answer.kind == BEYOND:
                                break
                            done, second = done + 1, False
                            yield answer
                        else:
                            continue
                    except _Lost as lost:
                        answer = lost.verdict(final=second)
                    once_more = answer is None or self._deserves_another(answer, second=second)
                    self._discard()
                    second = once_more
                    if answer is not None and not once_more:
                        done += 1
                        yield answer
            finally:
                if done < len(jobs):
                    self._discard()  # it may still be answering what nobody asks any more

    def _deserves_another(self, answer: Answer, *, second: bool) -> bool:
        """Memory may have been used up by those before."""
        return answer.values[0] == TOO_LARGE and not second and self._child is not None and self._child.answered > 1

    def _ready(self) -> _Child:
        if self._child is None:
            self._child = _Child()
        return self._child

    def _discard(self) -> None:
        if self._child is not None:
            child, self._child = self._child, None
            child.end()

    def _number(self, room: MailRoom) -> int:
        if room not in self._numbers:
            self._numbers[room] = next(self._count)
        return self._numbers[room]


class _Lost(Exception):
    """The child ended, or was ended, before it answered. `guilty`: the mail was certainly the reason."""

    def __init__(self, why: str, *, guilty: bool) -> None:
        super().__init__(why)
        self.why = why
        self.guilty = guilty

    def verdict(self, *, final: bool) -> Answer | None:
        """None: nobody knows, so try once more in a new child."""
        if self.guilty:
            return Answer(BEYOND, 0.0, (TOO_SLOW,))
        return Answer(TROUBLE, 0.0, (self.why,)) if final else None


class _Child:
    """One process and what is known of it. `answered`: how many mails."""

    def __init__(self) -> None:
        self.answered = 0
        self._cpu = 0.0
        self._rooms: dict[int, None] = {}
        self._buffer = bytearray()
        # It inherits neither sockets nor settings: no template could give away what its process does not have.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "regulars.adapters.composing_child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={"PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)}, start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout.fileno()
        with suppress(OSError, AttributeError):  # a large pipe is quicker, and not to be had everywhere
            fcntl.fcntl(self._answers, fcntl.F_SETPIPE_SZ, ROOM)
        self._waiting = poll()
        self._waiting.register(self._answers, POLLIN)
        self._begin()

    def ask(self, number: int, room: MailRoom, jobs: Sequence[Job], *, whole: bool) -> Iterator[Answer]:
        """Raises _Lost when the child does not live to answer, RuntimeError with its traceback for a mistake of ours."""
        texts = None if number in self._rooms else room.texts
        payload = packed_request(Request(number, texts, jobs, whole))
        try:
            self._requests.write(framed(payload))
            self._requests.flush()
        except OSError as error:
            raise self._lost() from error
        if texts is not None:
            self._remember(number)
        for left in range(len(jobs), 0, -1):
            answer = self._answer(PATIENCE, gather=GATHER if left > 1 else 0)
            if answer.kind == BUG:
                raise RuntimeError(answer.values[0])
            self.answered += 1
            yield answer

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        with suppress(OSError):
            self._requests.close()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _begin(self) -> None:
        try:
            self._answer(STARVING)
        except _Lost as lost:
            self.end()
            raise RegularsError(f"mails cannot be composed: their process does not start ({lost.why})", hint="see what it said before this") from lost

    def _remember(self, number: int) -> None:
        while len(self._rooms) >= MOST_ROOMS:
            del self._rooms[next(iter(self._rooms))]
        self._rooms[number] = None

    def _answer(self, patience: float, gather: float = 0) -> Answer:
        while (frame := self._frame()) is None:
            self._wait(patience)
            sleep(gather)
            part = os.read(self._answers, ROOM)
            if not part:
                raise self._lost()
            self._buffer += part
        answer = read_answer(frame)
        self._cpu = answer.cpu
        return answer

    def _frame(self) -> bytes | None:
        if len(self._buffer) < LENGTH.size:
            return None
        end = LENGTH.size + LENGTH.unpack_from(self._buffer)[0]
        if len(self._buffer) < end:
            return None
        frame = bytes(memoryview(self._buffer)[LENGTH.size:end])
        del self._buffer[:end]
        return frame

    def _wait(self, patience: float) -> None:
        """Until there is something to read. Only who used CPU and said nothing is judged by the clock."""
        began = monotonic()
        while not self._waiting.poll(patience * 1000):
            if self._waiting.poll(0):
                return  # we ourselves had been stopped
            patience = LOOK
            used = _cpu_of(self._process.pid)
            if used is None or used - self._cpu >= GUILTY:
                raise _Lost(TOO_SLOW, guilty=True)
            if monotonic() - began > STARVING:
                raise RegularsError("mails cannot be composed: this machine has no time for the process that does it", hint="what else runs on it?")

    def _lost(self) -> _Lost:
        code = self._process.wait()
        return _Lost(f"composing one mail ended the process that did it ({_name(code)})", guilty=code == -signal.SIGXCPU)


def _name(code: int) -> str:
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"exit code {code}"


def _cpu_of(pid: int) -> float | None:
    """Seconds of CPU that the process had; None where the kernel does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
