"""What Redis tells about itself as a broker."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from regulars.adapters.broker import QUEUE, RINGS
from regulars.errors import Unreachable


def look_at_broker(url: str) -> tuple[str | None, int]:
    """Its maxmemory-policy, None where it does not tell (managed servers often do not), and how many bells wait."""
    from redis import Redis, RedisError, ResponseError

    redis: Any = Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3)
    try:
        queue = int(redis.llen(QUEUE)) + int(redis.llen(RINGS))
        policy = None
        with suppress(ResponseError):
            policy = redis.config_get("maxmemory-policy").get("maxmemory-policy")
    except RedisError as error:
        raise Unreachable(f"the broker does not answer: {error}", hint="start Redis, or mend REGULARS_BROKER_URL") from error
    return policy, queue
