"""`regulars serve`."""

from __future__ import annotations

import click

from regulars.bootstrap import House
from regulars.doors.cli.options import in_house


@click.command(epilog="Example: REGULARS_BASE_URL=https://mail.shop.example regulars serve --host 0.0.0.0 --port 8080")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="The port to listen on.")
@in_house
def serve(house: House, host: str, port: int) -> None:
    """The web door: pixel, links, unsubscribe pages, pictures, and the outbox of a spool."""
    from regulars.doors.logs import announce, begin_logging
    from regulars.doors.web.server import address_of, listen, make_server, run

    style = house.settings.log
    begin_logging(style)
    server = make_server(house)
    listening = listen(host, port)
    announce(f"the web door opens at {address_of(listening)}, links lead to {house.settings.base_url}; Ctrl-C closes it", style)
    if house.spool is not None:
        announce(f"spooled mail: {address_of(listening)}/outbox", style)
    run(server, listening)
