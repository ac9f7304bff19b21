"""`regulars doctor`."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from regulars.bootstrap import House
from regulars.doors.cli.console import write, write_json
from regulars.doors.cli.options import as_json, in_house
from regulars.errors import RegularsError, Unreachable


@click.command(epilog="Example: regulars doctor --json")
@as_json
@in_house
def doctor(house: House, as_json: bool) -> None:
    """Is everything as it should be: files, database, promises kept about every message, broker, mail, links."""
    from regulars.operations.doctor import examine

    answers = examine(_questions(house))
    if as_json:
        write_json({"checks": [
            {"name": answer.name, "well": answer.is_well, "detail": answer.detail, "hint": answer.hint} for answer in answers
        ]})
    else:
        for answer in answers:
            write(f"{'ok  ' if answer.is_well else 'BAD '} {answer.name:<10} {answer.detail}" + (f"\n     help: {answer.hint}" if answer.hint else ""))
    raise SystemExit(0 if all(answer.is_well for answer in answers) else 3)


def _questions(house: House) -> Mapping[str, Callable[[], str]]:
    return {
        "files": lambda: _files(house), "database": lambda: _database(house), "messages": lambda: _messages(house),
        "scores": lambda: _scores(house),
        "broker": lambda: _broker(house), "mail": lambda: _mail(house), "links": lambda: _links(house),
    }


def _files(house: House) -> str:
    workspace = house.workspace
    return f"{len(workspace.campaigns)} campaigns, {len(workspace.segments)} segments; regulars check says more"


def _database(house: House) -> str:
    from regulars.adapters.database.migrations import current_revision

    return f"{house.database.engine.url.render_as_string(hide_password=True)} at schema {current_revision(house.database)}"


def _messages(house: House) -> str:
    from regulars.adapters.database.invariants import violations

    with house.database.read() as connection:
        if broken := violations(connection):
            raise RegularsError("; ".join(broken), hint="nothing is sent twice because of it, but tell the developers what you did before")
    return "every promise about them holds"


def _scores(house: House) -> str:
    if not house.scores.are_by(house.shop.scoring):
        raise RegularsError("they were made by another half-life or other weights than regulars.yaml has now", hint="run: regulars scores recompute")
    return "made by the half-life and the weights of regulars.yaml"


def _broker(house: House) -> str:
    if house.settings.broker_url is None:
        return "none: work happens in the calling process and in regulars up"
    from redis import Redis, RedisError

    try:
        policy = Redis.from_url(house.settings.broker_url, socket_timeout=3).config_get("maxmemory-policy")
    except RedisError as error:
        raise Unreachable(f"the broker does not answer: {error}", hint="start Redis, or mend REGULARS_BROKER_URL") from error
    if policy.get("maxmemory-policy") not in {"noeviction", None}:
        raise Unreachable(
            f"Redis may throw away work when its memory is full ({policy['maxmemory-policy']})", hint="set maxmemory-policy noeviction"
        )
    return "Redis answers, and keeps what it is given"


def _mail(house: House) -> str:
    assert house.transport  # raises Refused for an unsafe relay
    mail = house.settings.mail
    if house.spool is not None:
        if (Path(mail.folder).exists() and not os.access(mail.folder, os.W_OK | os.X_OK)) or Path(mail.folder).is_file():
            raise Unreachable(f"mails cannot be written into {mail.folder}", hint="name a folder of yours in REGULARS_MAIL_URL")
        return str(mail)
    try:
        socket.create_connection((mail.host, mail.port), timeout=5).close()
    except OSError as error:
        raise Unreachable(f"the relay {mail} does not answer: {error}", hint="check REGULARS_MAIL_URL, and that this machine may reach it") from error
    return f"{mail} answers"


def _links(house: House) -> str:
    return house.settings.base_url + ("" if house.settings.base_is_public else " (this machine only)")
