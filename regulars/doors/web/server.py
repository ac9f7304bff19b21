"""Runs the web door: one uvicorn process that logs neither addresses nor tokens."""

from __future__ import annotations

import uvicorn

from regulars.bootstrap import House
from regulars.doors.web.app import make_app


def make_server(house: House, host: str, port: int) -> uvicorn.Server:
    """`server.run()` serves until it is told to stop; `server.should_exit = True` tells it."""
    return uvicorn.Server(uvicorn.Config(
        make_app(house), host=host, port=port, access_log=False, log_level="warning",
        proxy_headers=False,  # who asks is judged by what really connected; doors/web/guards.py
        server_header=False, timeout_graceful_shutdown=10, limit_concurrency=5_000,
    ))
