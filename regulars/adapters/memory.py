"""Remembers outside of the database how far it has come: a file on each machine, and Redis for all of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from regulars.adapters.database.registry import as_text, read_generation
from regulars.delivery.permission import Generation
from regulars.errors import Unreachable

# A slower process must not overwrite what a quicker one has kept since it looked.
_KEEP_THE_FURTHER = """
local known = redis.call('GET', KEYS[1])
if known then
  local ok, read = pcall(cjson.decode, known)
  if ok and type(read) == 'table' and (tonumber(read.number) or -1) >= tonumber(ARGV[2]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1])
return 1
"""


class Place(Protocol):
    def recall(self, identity: str) -> Generation | None: ...

    def keep(self, identity: str, generation: Generation) -> None: ...


class Memories:
    """Several places as one: the furthest counts, and a place that is away is no reason not to send."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = places

    def recall(self, identity: str) -> Generation | None:
        found = [known for place in self._places if (known := _asked(place, identity)) is not None]
        return max(found, key=lambda each: each.number, default=None)

    def keep(self, identity: str, generation: Generation) -> None:
        for place in self._places:
            with suppress(Unreachable):
                place.keep(identity, generation)


class FileMemory:
    """`.regulars/generation/IDENTITY` of one machine. It is no part of a backup: it would go back in time with it."""

    def __init__(self, state_folder: str) -> None:
        self.folder = Path(state_folder) / "generation"

    def recall(self, identity: str) -> Generation | None:
        try:
            return read_generation((self.folder / identity).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None  # a new machine, or half a disk: what the database says is then all that is known

    def keep(self, identity: str, generation: Generation) -> None:
        known = self.recall(identity)
        if known is not None and known.number >= generation.number:
            return
        draft = self.folder / f".{uuid4().hex}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with draft.open("w", encoding="utf-8") as file:
                file.write(as_text(generation))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.folder / identity)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise Unreachable(
                f"{self.folder} cannot be written to: {error.strerror or error}", hint="give the right to write there"
            ) from error


class RedisMemory:
    """A key of the broker's Redis. Flushed, it is written again; until then the machines' files remember."""

    def __init__(self, url: str) -> None:
        from redis import Redis

        self._redis: Any = Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)

    def recall(self, identity: str) -> Generation | None:
        from redis import RedisError

        try:
            text = self._redis.get(_key(identity))
            return None if text is None else read_generation(text.decode("utf-8", "replace"))
        except RedisError as error:
            raise Unreachable(f"the broker does not answer: {error}", hint="start Redis, or mend REGULARS_BROKER_URL") from error
        except ValueError:
            return None

    def keep(self, identity: str, generation: Generation) -> None:
        from redis import RedisError

        try:
            self._redis.eval(_KEEP_THE_FURTHER, 1, _key(identity), as_text(generation), generation.number)
        except RedisError as error:
            raise Unreachable(f"the broker does not answer: {error}", hint="start Redis, or mend REGULARS_BROKER_URL") from error


def _asked(place: Place, identity: str) -> Generation | None:
    try:
        return place.recall(identity)
    except Unreachable:
        return None


def _key(identity: str) -> str:
    return f"regulars:generation:{identity}"
