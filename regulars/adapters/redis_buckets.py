"""Token buckets in Redis, by its clock, for workers on any number of machines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from redis import Redis, RedisError

from regulars.delivery.pace import Ask, Grant, wait_for

PREFIX = "regulars:bucket:"
FORGOTTEN_AFTER = 172_800  # seconds; a bucket that nobody touched for two days would be full, and may as well be missing
TIMEOUT = 2.0
UNREACHABLE = 1.0          # seconds until the next try

# The arithmetic of delivery/pace.taken, for each key in turn. A number too long for a reply of integers travels as text.
_TAKE = """
local now = tonumber(ARGV[1])
if now < 0 then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1000000
end
local answer = {}
for i, key in ipairs(KEYS) do
  local rate, burst, count = tonumber(ARGV[i * 3 - 1]), tonumber(ARGV[i * 3]), tonumber(ARGV[i * 3 + 1])
  local kept = redis.call('HMGET', key, 'tokens', 'at')
  local tokens = 0
  if kept[1] and kept[2] then
    tokens = math.min(burst, tonumber(kept[1]) + math.max(0, now - tonumber(kept[2])) * rate)
  end
  local granted = math.min(count, math.floor(tokens))
  tokens = math.min(burst, tokens - granted)
  redis.call('HSET', key, 'tokens', string.format('%.17g', tokens), 'at', string.format('%.17g', now))
  redis.call('EXPIRE', key, {forgotten})
  answer[#answer + 1] = granted
  answer[#answer + 1] = string.format('%.17g', tokens)
end
return answer
""".replace("{forgotten}", str(FORGOTTEN_AFTER))


class BucketsInRedis:
    """`clock`: seconds, for tests; without it Redis's own, which all machines share."""

    def __init__(self, url: str, clock: Callable[[], float] | None = None) -> None:
        self._redis = Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT)
        self._take = self._redis.register_script(_TAKE)
        self._clock = clock

    def take(self, asks: Sequence[Ask]) -> Sequence[Grant]:
        """All of them in one step. While Redis does not answer nothing is granted: that costs time, and never restraint."""
        numbers = [value for ask in asks for value in (ask.rate, ask.burst, ask.count)]
        try:
            answer = self._take(
                keys=[PREFIX + ask.name for ask in asks], args=[self._clock() if self._clock else -1, *map(repr, numbers)]
            )
        except RedisError:
            return [Grant(min(0, ask.count), UNREACHABLE) for ask in asks]
        pairs = zip(asks, answer[::2], answer[1::2], strict=True)
        return [Grant(count, wait_for(ask, float(tokens)) if count < ask.count else 0.0) for ask, count, tokens in pairs]
