"""Fetches feeds: only from public addresses, never for long, never without an end, into a file that is gone when it was read."""

from __future__ import annotations

import hashlib
import http.client
import socket
import tempfile
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import IO
from urllib.parse import SplitResult, urljoin, urlsplit

from regulars.adapters.courier import Pinned, is_public, target_of
from regulars.adapters.csv_files import CsvFile
from regulars.errors import RegularsError, UsageError
from regulars.loyalty.feed import Seal
from regulars.operations.ports import Fetched

PATIENCE = 30.0            # seconds for one answer to begin, and for each part of it to come
WHOLE_PATIENCE = 120.0     # for all of it: whoever pulls also sends, and wants to stop when told
MOST_BYTES = 1 << 30       # of the file, unpacked
MOST_REDIRECTS = 5
_CHUNK = 1 << 16
_GZIP = 31                 # zlib's word for a gzip stream
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WORDS = {401: "it asks for a token, or for another one", 403: "it does not let us in; is the token right?", 404: "there is nothing at this address"}


@dataclass(frozen=True, slots=True)
class HttpFeedDoor:
    """`loopback`: also this machine, by plain http; for shops that run on it, and for tests."""

    loopback: bool = False
    patience: float = PATIENCE
    whole_patience: float = WHOLE_PATIENCE
    most_bytes: int = MOST_BYTES

    @contextmanager
    def fetch(self, url: str, token: str | None, known: Seal) -> Iterator[Fetched]:
        connection, answer, clock = self._answer(url, token, known)
        try:
            if answer.status == 304:
                yield Fetched(None, known)
                return
            with tempfile.NamedTemporaryFile(prefix="regulars-feed-", suffix=".csv") as file:
                digest = self._save(answer, file, clock)
                connection.close()
                seal = Seal(answer.getheader("ETag"), answer.getheader("Last-Modified"), digest)
                with _named(file.name, url):
                    yield Fetched(None if digest == known.content_hash else CsvFile(file.name), seal)
        finally:
            clock.cancel()
            connection.close()

    # ---- the conversation ----

    def _answer(self, url: str, token: str | None, known: Seal) -> tuple[Pinned, http.client.HTTPResponse, _Deadline]:
        clock = _Deadline(self.whole_patience)
        first = urlsplit(url)
        for _ in range(MOST_REDIRECTS + 1):
            try:
                parts = self._checked(url)
                address = self._address(parts)
            except RegularsError:
                clock.cancel()
                raise
            is_same_place = (parts.scheme, parts.hostname, parts.port) == (first.scheme, first.hostname, first.port)
            connection = Pinned(parts, address, self.patience)
            try:
                connection.connect()
                clock.watch(connection.sock)
                connection.request("GET", target_of(parts), headers=_headers(token if is_same_place else None, known))
                answer = connection.getresponse()
            except (OSError, http.client.HTTPException, ValueError) as error:
                clock.cancel()
                connection.close()
                raise RegularsError(f"{parts.hostname} does not answer: {clock.why or error or type(error).__name__}") from error
            if answer.status not in _REDIRECTS:
                return self._taken(connection, answer, clock, parts)
            url = urljoin(url, answer.getheader("Location") or "")
            connection.close()
        clock.cancel()
        raise RegularsError(f"{first.hostname} sends us on more than {MOST_REDIRECTS} times", hint="give the address where the file is")

    def _taken(
        self, connection: Pinned, answer: http.client.HTTPResponse, clock: _Deadline, parts: SplitResult
    ) -> tuple[Pinned, http.client.HTTPResponse, _Deadline]:
        if answer.status in {200, 304}:
            return connection, answer, clock
        clock.cancel()
        connection.close()
        why = _WORDS.get(answer.status)
        raise RegularsError(f"{parts.hostname} answered HTTP {answer.status}" + (f": {why}" if why else ""))

    def _save(self, answer: http.client.HTTPResponse, file: IO[bytes], clock: _Deadline) -> str:
        """Unpacked, up to a limit; returns the SHA-256 of what was written."""
        digest, size = hashlib.sha256(), 0
        try:
            for part in _unpacked(answer):
                size += len(part)
                if size > self.most_bytes:
                    raise RegularsError(f"the file is larger than {self.most_bytes:,} bytes", hint="let the shop offer the last months only")
                digest.update(part)
                file.write(part)
        except (OSError, http.client.HTTPException, zlib.error) as error:
            raise RegularsError(f"the file broke off after {size:,} bytes: {clock.why or error or type(error).__name__}") from error
        if clock.why or answer.length:
            raise RegularsError(f"the file broke off after {size:,} bytes: {clock.why or 'the connection was closed'}")
        file.flush()
        return digest.hexdigest()

    # ---- where we may go ----

    def _checked(self, url: str) -> SplitResult:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise RegularsError(f"{url[:100]} is no address of the web: {error}") from error
        if not parts.hostname or parts.scheme not in {"https", "http"} or port == 0:
            raise RegularsError(f"{url[:100]} is no https address")
        if parts.username or parts.password:
            raise RegularsError(f"{parts.hostname}: passwords do not belong into an address", hint="name a variable with a token: token: REGULARS_FEED_TOKEN")
        if parts.scheme == "http" and not self.loopback:
            raise RegularsError(f"{parts.hostname} is asked without encryption", hint="write https://")
        return parts

    def _address(self, parts: SplitResult) -> str:
        """One that the name has now; it is the one that is connected to, whatever the name says a moment later."""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            found = [str(info[4][0]) for info in socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)]
        except OSError as error:
            raise RegularsError(f"{parts.hostname} cannot be found: {error}") from error
        is_here = all(ip_address(each.partition("%")[0]).is_loopback for each in found)
        if self.loopback and is_here:
            return found[0]
        if own := next((each for each in found if not is_public(each)), None):
            raise RegularsError(f"{parts.hostname} is at {own}, which is no public address", hint="feeds are fetched from public addresses only")
        if parts.scheme == "http":
            raise RegularsError(f"{parts.hostname} is asked without encryption", hint="write https://")
        return found[0]


@contextmanager
def _named(file: str, url: str) -> Iterator[None]:
    """What is wrong with the file is said of its address."""
    try:
        yield
    except UsageError as error:
        raise UsageError(error.message.replace(file, url), hint=error.hint) from error


class _Deadline:
    """Cuts the connection when all of it has taken too long; `why` says so then."""

    def __init__(self, seconds: float) -> None:
        self.why = ""
        self._seconds = seconds
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def watch(self, connected: socket.socket) -> None:
        """The socket itself: the connection lets go of it as soon as an answer begins."""
        self._socket = connected

    def cancel(self) -> None:
        self._timer.cancel()

    def _cut(self) -> None:
        self.why = f"it took longer than {self._seconds:.0f} s"
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def _headers(token: str | None, known: Seal) -> Mapping[str, str]:
    told = {
        "Authorization": f"Bearer {token}" if token else None, "If-None-Match": known.etag, "If-Modified-Since": known.last_modified,
        "Accept": "text/csv, text/*;q=0.9, */*;q=0.5", "Accept-Encoding": "gzip", "User-Agent": "regulars",
    }
    return {name: value for name, value in told.items() if value}


def _unpacked(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    """Never more at a time than a chunk, however small the packed one was."""
    if (answer.getheader("Content-Encoding") or "").casefold() not in {"gzip", "x-gzip"}:
        while chunk := answer.read(_CHUNK):
            yield chunk
        return
    packed = zlib.decompressobj(_GZIP)
    while chunk := answer.read(_CHUNK):
        while chunk:
            if part := packed.decompress(chunk, _CHUNK):
                yield part
            chunk = packed.unconsumed_tail
            if packed.eof:
                return
    if not packed.eof:
        raise zlib.error("the packed file has no end")
