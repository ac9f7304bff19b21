"""A shop's server of feeds on the loopback, which answers as it is told to."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FeedServer:
    """`content`: of /orders.csv and every other file. `answer`: in place of it. `asked`: the headers of each request."""

    port: int = 0
    content: bytes = b""
    packed: bool = False
    answer: Callable[[BaseHTTPRequestHandler], None] | None = None
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/orders.csv"

    def tell(self, content: str) -> None:
        self.content = content.encode()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append({name.lower(): value for name, value in handler.headers.items()})
        if self.answer is not None:
            self.answer(handler)
            return
        etag = f'"{hash(self.content)}"'
        if handler.headers.get("If-None-Match") == etag:
            handler.send_response(304)
            handler.end_headers()
            return
        body = gzip.compress(self.content) if self.packed else self.content
        handler.send_response(200)
        handler.send_header("Content-Type", "text/csv")
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("ETag", etag)
        if self.packed:
            handler.send_header("Content-Encoding", "gzip")
        handler.end_headers()
        handler.wfile.write(body)


@contextmanager
def feed_server() -> Iterator[FeedServer]:
    told = FeedServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told._answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def status(code: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer
