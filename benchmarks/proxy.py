"""Puts distance between us and a relay: `python -m benchmarks.proxy PORT RELAY_PORT ROUND_TRIP_MS`."""

from __future__ import annotations

import asyncio
import sys

import uvloop


async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """Whatever comes leaves so many seconds later; nothing waits for anything else."""
    loop = asyncio.get_running_loop()
    while chunk := await reader.read(262_144):
        loop.call_later(delay, writer.write, chunk)
    loop.call_later(delay, writer.close)


async def main(port: int, relay: int, delay: float) -> None:
    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relay_reader, relay_writer = await asyncio.open_connection("127.0.0.1", relay)
        await asyncio.gather(
            forward(reader, relay_writer, delay), forward(relay_reader, writer, delay), return_exceptions=True
        )

    server = await asyncio.start_server(meet, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) / 2_000))
