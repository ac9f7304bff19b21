"""Posts to addresses that marketers wrote down: never into the shop's own network, never for long, never sent on elsewhere."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from regulars.delivery.errands import Answer

PATIENCE = 10.0  # seconds for everything together
GONE = 410
SPLIT_HORIZON = ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in disguise, perhaps of this network


class NotAllowed(Exception):
    """This address is none that a webhook may be posted to."""


class HttpCourier:
    """`private`: also addresses of this machine and its network, and plain http; for tests and for shops that are not public."""

    def __init__(self, *, private: bool = False, patience: float = PATIENCE) -> None:
        self._private = private
        self._patience = patience

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Nothing of the answer is read but its status."""
        try:
            parts = self._checked(url)
            address = self._address(parts)
        except NotAllowed as error:
            return Answer(taken=False, words=str(error), for_good=True)
        except OSError as error:
            return Answer(taken=False, words=f"{parts.hostname} cannot be found: {error}")
        try:
            return self._ask(parts, address, body, headers)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Answer(taken=False, words=f"no answer: {error or type(error).__name__}")

    def _ask(self, parts: SplitResult, address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        connection = Pinned(parts, address, self._patience)
        end = threading.Timer(self._patience, connection.cut)
        end.daemon = True
        end.start()
        try:
            connection.request("POST", target_of(parts), body, dict(headers))
            status = connection.getresponse().status
        finally:
            end.cancel()
            connection.close()
        if 200 <= status < 300:
            return Answer(taken=True, words=f"HTTP {status}")
        why = "; redirects are not followed" if 300 <= status < 400 else ""
        return Answer(taken=False, words=f"HTTP {status}{why}", for_good=status == GONE)

    def _checked(self, url: str) -> SplitResult:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise NotAllowed(f"{url[:100]} is no address of the web: {error}") from error
        if not parts.hostname or parts.scheme not in ({"https", "http"} if self._private else {"https"}):
            raise NotAllowed(f"{url[:100]} is no https address")
        if parts.username or parts.password or port == 0:
            raise NotAllowed(f"{parts.hostname}: an address with a password in it is not posted to")
        return parts

    def _address(self, parts: SplitResult) -> str:
        """One that the name has now; it is the one that is connected to, whatever the name says a moment later."""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        found = [str(info[4][0]) for info in socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)]
        if not self._private and (own := next((each for each in found if not is_public(each)), None)):
            raise NotAllowed(f"{parts.hostname} is at {own}, which is no public address")
        return found[0]


def is_public(text: str) -> bool:
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner: IPv4Address | None = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None or address in SPLIT_HORIZON:
            return False
    return address.is_global and not address.is_multicast


def target_of(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


class Pinned(http.client.HTTPConnection):
    """Connected to that address; the certificate is still checked for the name."""

    def __init__(self, parts: SplitResult, address: str, patience: float) -> None:
        is_https = parts.scheme == "https"
        super().__init__(parts.hostname or "", parts.port or (443 if is_https else 80), timeout=patience)
        self._address = address
        self._context = ssl.create_default_context() if is_https else None

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._context is not None:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)

    def cut(self) -> None:
        """From another thread: whoever answers letter by letter is not listened to for ever."""
        with suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)
