"""/healthz: for whoever watches the door. It answers 200 as long as links work, and says what does not."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from regulars import __version__
from regulars.doors.web.door import NEVER_KEPT, Door
from regulars.doors.web.following import Endpoint


def healthz(door: Door) -> Endpoint:
    """`lost_hits` were answered before they were durable; `recovered_hits` of them were stored later after all; `lag_seconds`: how long the oldest of `waiting_hits` waits."""

    async def report(_request: Request) -> Response:
        is_home = await door.look_up(door.desk.answers, otherwise=False)
        healthy = is_home and door.journal.waiting < 1_000
        return JSONResponse(
            {
                "status": "ok" if healthy else "degraded",
                "database": "ok" if is_home else "unreachable",
                "lost_hits": door.journal.lost,
                "recovered_hits": door.journal.recovered,
                "waiting_hits": door.journal.waiting,
                "lag_seconds": round(door.journal.lag, 3),
                "version": __version__,
            },
            headers=NEVER_KEPT,
        )

    return report
