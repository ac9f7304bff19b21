"""Runs the web door: one uvicorn process that logs neither addresses nor tokens."""

from __future__ import annotations

import signal
import socket
import sys

import uvicorn

from regulars.bootstrap import House
from regulars.doors.web.app import make_app
from regulars.errors import Unreachable

BACKLOG = 2048


def make_server(house: House) -> uvicorn.Server:
    """To be run by `run`, on the socket of `listen`."""
    return uvicorn.Server(uvicorn.Config(
        make_app(house), access_log=False, log_config=None, log_level="warning", backlog=BACKLOG,
        proxy_headers=False,  # who asks is judged by what really connected; doors/web/guards.py
        server_header=False, timeout_graceful_shutdown=10, limit_concurrency=5_000,
    ))


def listen(host: str, port: int) -> socket.socket:
    """The door's socket; port 0 takes a free one. Raises Unreachable when the address cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        raise Unreachable(
            f"the web door cannot open at {host}:{port}: {error.strerror or error}", hint="choose another --port, or stop what has it"
        ) from error
    listening.set_inheritable(True)
    return listening


def run(server: uvicorn.Server, listening: socket.socket) -> None:
    """Serves until Ctrl-C (KeyboardInterrupt) or SIGTERM (SystemExit 0), with every accepted hit written."""
    sys.setswitchinterval(0.0005)  # the loop must not queue behind the writing thread for each packet
    signal.signal(signal.SIGTERM, _leave)  # uvicorn raises the signal again when it is done, so the caller's `finally` runs
    server.run(sockets=[listening])


def address_of(listening: socket.socket) -> str:
    """As one types it into a browser."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _leave(_signal: int, _frame: object) -> None:
    sys.exit(0)
