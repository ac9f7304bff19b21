"""Mail as `.eml` files in a folder: each written, synced and only then named, so that a name is a delivery."""

from __future__ import annotations

import heapq
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from uuid import uuid4

from regulars.content.tokens import MessageRef
from regulars.delivery.evidence import Sought
from regulars.delivery.outcomes import Outcome, Phase, Result
from regulars.delivery.outgoing import Outgoing
from regulars.errors import Unreachable
from regulars.operations.ports import Ledger

TOGETHER = 64  # files that share one commit of the ledger and one sync of the folder
ENDING = ".eml"
DRAFT = ".draft"
ABANDONED = 3600  # seconds; longer than any lease, and nobody writes at a file for so long
_MAIL = re.compile(r"[\w-]+\.eml", re.ASCII)


@dataclass(frozen=True, slots=True)
class Spooled:
    """A file of the spool: `name` as the folder has it, when it came, its size in bytes."""

    name: str
    at: datetime
    size: int


class Spool:
    """The transport of a shop that only wants to look; also what `/outbox` reads."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self._is_tidy = False

    # the transport

    @property
    def address(self) -> str:
        return f"spool:{self.folder}"

    def send(self, batches: Iterable[Sequence[Outgoing]], ledger: Ledger, go_on: Callable[[], bool]) -> None:
        """As the port says; nothing is refused and nothing is lost, so each mail that the ledger allows is accepted."""
        mails = chain.from_iterable(batches)
        results: list[Result] = []
        while go_on() and (together := list(islice(mails, TOGETHER))):
            with self._in_our_words():
                self.folder.mkdir(parents=True, exist_ok=True)
                self._tidy_up()
                results = self._spool(together, results, ledger)
        ledger.turn(results, [])

    def arrived(self, mails: Sequence[Sought]) -> Mapping[MessageRef, bool]:
        """A file that is not here says nothing of a mail that was handed to somebody else."""
        held = {mail.ref: self._holds(file_name(mail.ref), mail.message_id) for mail in mails}
        return {mail.ref: held[mail.ref] for mail in mails if held[mail.ref] or mail.handed_to == self.address}

    def close(self) -> None:
        """Nothing stays open."""

    # the reader

    def newest(self, most: int, after: int = 0) -> list[Spooled]:
        """The latest mails first, leaving out the first `after`."""
        if not self.folder.is_dir():
            return []
        return heapq.nlargest(most + after, self._all(), key=lambda mail: (mail.at, mail.name))[after:]

    def read(self, name: str) -> bytes | None:
        """The mail's bytes, or None: for names that are not in the folder, and for all that would lead out of it."""
        if not _MAIL.fullmatch(name):
            return None
        try:
            with os.fdopen(os.open(self.folder / name, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                return file.read()
        except OSError:
            return None

    def _all(self) -> Iterator[Spooled]:
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if _MAIL.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                    facts = entry.stat()
                    yield Spooled(entry.name, datetime.fromtimestamp(facts.st_mtime, UTC), facts.st_size)

    def _holds(self, name: str, message_id: str) -> bool:
        """A folder may outlive its database, and the next one's launch 1 gives the same names again."""
        head, _, _ = (self.read(name) or b"").partition(b"\r\n\r\n")
        return f"\r\nMessage-ID: {message_id}\r\n".encode() in b"\r\n%b\r\n" % head

    def _spool(self, mails: Sequence[Outgoing], results: Sequence[Result], ledger: Ledger) -> list[Result]:
        drafts = {mail.ref: self.folder / f".{uuid4().hex}{DRAFT}" for mail in mails}
        names = {mail.ref: file_name_of(mail) for mail in mails}
        try:
            for mail in mails:
                _write(drafts[mail.ref], mail.content)
            allowed = ledger.turn(results, [mail.ref for mail in mails])
            for ref in allowed:
                drafts.pop(ref).replace(self.folder / names[ref])
        finally:
            for draft in drafts.values():  # also when the disk is full: what nobody reads must not keep it so
                draft.unlink(missing_ok=True)
        _sync_folder(self.folder)
        return [
            Result(mail.ref, Outcome.ACCEPTED, Phase.DOT, 250, reply=f"kept as {file_name_of(mail)}", evidence="file")
            for mail in mails if mail.ref in allowed
        ]

    def _tidy_up(self) -> None:
        """Once a process: drafts of workers that were killed while they wrote."""
        if self._is_tidy:
            return
        self._is_tidy = True
        with os.scandir(self.folder) as entries:
            drafts = [Path(entry.path) for entry in entries if entry.name.endswith(DRAFT)]
        for draft in drafts:
            with suppress(FileNotFoundError):  # its worker lives, or another one tidies up too
                if draft.stat().st_mtime < time.time() - ABANDONED:
                    draft.unlink()

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Unreachable(
                f"the mail folder {self.folder} cannot be written to: {error.strerror or error}",
                hint="make room or give the right to write there, or name another folder in REGULARS_MAIL_URL",
            ) from error


def file_name(ref: MessageRef) -> str:
    """Sortable; the same message is always the same file, so a second copy replaces the first."""
    return f"{ref.launch:06d}-{ref.number:08d}{ENDING}"


def file_name_of(mail: Outgoing) -> str:
    """Tests and previews have no number of their own; their content tells them apart."""
    return file_name(mail.ref) if mail.ref.launch else f"test-{mail.sha256[:12]}{ENDING}"


def _write(draft: Path, content: bytes) -> None:
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
