"""An Amazon SES on the loopback that does what a recipient's name says, also what a well-behaved one never does."""

from __future__ import annotations

import json
import ssl
import threading
from base64 import b64decode
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

ANSWERS = {
    "too.fast": (429, "TooManyRequestsException", "Too many requests"),
    "throttled": (400, "ThrottlingException", "Maximum sending rate exceeded."),
    "rejected": (400, "MessageRejected", "Email address is not verified. The following identities failed the check"),
    "unverified": (400, "MailFromDomainNotVerifiedException", "The sending domain isn't verified"),
    "suspended": (400, "AccountSuspendedException", "permanently restricted"),
    "paused": (400, "SendingPausedException", "Email sending is currently paused."),
    "no.such.set": (404, "NotFoundException", "Configuration set <sales> does not exist."),
    "bad": (400, "BadRequestException", "Domain contains illegal character"),
    "forbidden": (403, "AccessDeniedException", "User is not authorized to perform: ses:SendEmail"),
    "stranger": (403, "UnrecognizedClientException", "The security token included in the request is invalid."),
    "trouble": (500, "InternalServiceErrorException", "try again"),
    "gateway": (502, "", "<html>Bad Gateway</html>"),
}


@dataclass
class Amazon:
    """`taken`: requests whose mail it has, in order; `asked`: all requests, those without an answer too."""

    tls: ssl.SSLContext | None = None
    taken: list[dict] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    most_at_once: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    trio: threading.Barrier = field(default_factory=lambda: threading.Barrier(3))

    def __enter__(self) -> Self:
        amazon = self

        class Door(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                amazon.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self._server.daemon_threads = True
        if self.tls:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self._busy, self._lock = 0, threading.Lock()
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"https://localhost:{self._server.server_port}" if self.tls else f"http://127.0.0.1:{self._server.server_port}"

    def all_contents(self) -> list[bytes]:
        return [b64decode(one["Content"]["Raw"]["Data"]) for one in self.taken]

    def answer(self, door: BaseHTTPRequestHandler) -> None:
        request = json.loads(door.rfile.read(int(door.headers["Content-Length"])))
        name = request["Destination"]["ToAddresses"][0].partition("@")[0]
        with self._lock:
            self._busy += 1
            self.most_at_once = max(self.most_at_once, self._busy)
            self.asked.append(name)
            if name not in ANSWERS:
                self.taken.append(request)
        if name == "trio":
            self.trio.wait(10)
        if name == "silence":
            self.over.wait(30)
        if name in {"hangup", "silence"}:
            door.close_connection = True
        elif name in ANSWERS:
            self._say(door, *ANSWERS[name])
        else:
            self._say(door, 200, "", {"MessageId": f"made-up-{len(self.taken)}"})
        with self._lock:
            self._busy -= 1

    def _say(self, door: BaseHTTPRequestHandler, status: int, name: str, words: str | dict) -> None:
        body = (json.dumps(words if isinstance(words, dict) else {"message": words}) if name or isinstance(words, dict) else words).encode()
        door.send_response(status)
        if name:
            door.send_header("x-amzn-ErrorType", name)
        door.send_header("Content-Length", str(len(body)))
        door.end_headers()
        door.wfile.write(body)
