"""`regulars doctor`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from regulars.bootstrap import House
from regulars.definition.relays import DEFAULT_RELAY
from regulars.doors.cli.console import write, write_json
from regulars.doors.cli.options import as_json, in_house
from regulars.errors import SettingsError, Unreachable
from regulars.operations.diagnosis import (
    SAID_FOR,
    Finding,
    Health,
    Space,
    judge_backup,
    judge_clocks,
    judge_disk,
    judge_environment,
    judge_errands,
    judge_feeds,
    judge_redis,
    judge_web,
    judge_workers,
    well,
)
from regulars.settings import MailUrl

if TYPE_CHECKING:
    from regulars.operations.doctor import Answer

MARKS = {Health.WELL: "ok  ", Health.DOUBTFUL: "warn", Health.ILL: "BAD "}


@click.command(epilog="Example: regulars doctor --test-mail you@shop.example")
@click.option("--test-mail", metavar="EMAIL", help="Send one small mail to EMAIL through the relay, and say what it answered.")
@as_json
@in_house
def doctor(house: House, test_mail: str | None, as_json: bool) -> None:
    """Is everything as it should be: files, database, promises about every message, workers, clocks, disk, broker, mail, links.

    Each line says what was found and what to do about it. The exit code is 3 when something is BAD; a warning does not count.
    """
    from regulars.operations.doctor import examine

    questions = {**_questions(house), **_relays(house), "links": lambda: _links(house)}
    if test_mail is not None:
        questions["test mail"] = lambda: _test_mail(house, test_mail)
    answers = examine(questions)
    if as_json:
        write_json({"checks": [answer.as_json() for answer in answers]})
    else:
        _write(answers)
    raise SystemExit(0 if all(answer.is_well for answer in answers) else 3)


def _write(answers: Sequence[Answer]) -> None:
    first: dict[tuple[str, str], str] = {}  # what a trouble was called when it was met: each is told once
    width = max(len(answer.name) for answer in answers)
    for answer in answers:
        name = first.setdefault((answer.detail, answer.hint), answer.name)
        is_told = name != answer.name and not answer.is_well
        hint = f"\n     help: {answer.hint}" if answer.hint and not is_told else ""
        write(f"{MARKS[answer.health]} {answer.name:<{width}} {f'the same as {name}' if is_told else answer.detail}{hint}")


def _questions(house: House) -> Mapping[str, Callable[[], Finding]]:
    return {
        "files": lambda: _files(house), "database": lambda: _database(house), "environment": lambda: _environment(house),
        "backup": lambda: _backup(house), "messages": lambda: _messages(house), "scores": lambda: _scores(house),
        "errands": lambda: _errands(house), "workers": lambda: _workers(house), "clocks": lambda: _clocks(house), "disk": lambda: _disk(house),
        "broker": lambda: _broker(house), **({"sources": lambda: _sources(house)} if _shop_pulls(house) else {}),
    }


def _shop_pulls(house: House) -> bool:
    shop = house.shop_now()
    return bool(shop and shop.sources)


def _sources(house: House) -> Finding:
    start = "regulars up" if house.settings.is_embedded else "regulars worker --beat"
    return judge_feeds(house.shop.sources, house.feed_desk.feeds.all(), house.clock.now(), start=start)


def _files(house: House) -> Finding:
    workspace = house.workspace
    return well(f"{len(workspace.campaigns)} campaigns, {len(workspace.segments)} segments; regulars check says more")


def _database(house: House) -> Finding:
    from regulars.adapters.database.migrations import current_revision

    return well(f"{_where(house)} at schema {current_revision(house.database)}")


def _environment(house: House) -> Finding:
    identity, _ = house.permit.look()
    settings = house.settings
    return judge_environment(
        identity, settings.environment, _where(house), only_to=str(settings.only_to), is_shared=not house.database.is_sqlite
    )


def _backup(house: House) -> Finding:
    return judge_backup(*house.permit.look(), _where(house))


def _messages(house: House) -> Finding:
    from regulars.adapters.database.invariants import violations

    with house.database.read() as connection:
        if broken := violations(connection):
            return Health.ILL, "; ".join(broken), "nothing is sent twice because of it, but tell the developers what you did before"
    return well("every promise about them holds")


def _errands(house: House) -> Finding:
    return judge_errands(house.errand_desk.errands.given_up(house.clock.now() - SAID_FOR))


def _scores(house: House) -> Finding:
    if not house.scores.are_by(house.shop.scoring):
        return Health.ILL, "they were made by another half-life or other weights than regulars.yaml has now", "run: regulars scores recompute"
    return well("made by the half-life and the weights of regulars.yaml")


def _workers(house: House) -> Finding:
    from regulars.adapters.database.gauges import read_gauges

    gauges = read_gauges(house.database, house.clock.now())
    return judge_workers(house.workers.all(), gauges, is_embedded=house.settings.is_embedded)


def _clocks(house: House) -> Finding:
    from regulars.adapters.database.workers import clock_skew

    return judge_clocks(clock_skew(house.database), house.workers.all())


def _disk(house: House) -> Finding:
    from regulars.adapters.database.gauges import database_size
    from regulars.adapters.disk import room_at

    with house.database.read() as connection:
        size = database_size(connection)
    places = {"what regulars remembers": house.settings.state_folder}
    if house.database.is_sqlite:
        places["the database"] = str(Path(house.database.engine.url.database or ".").parent)
    if house.spool is not None:
        places["the mails of the spool"] = house.settings.mail.folder
    return judge_disk([Space(what, *room_at(path)) for what, path in places.items()], size)


def _broker(house: House) -> Finding:
    if house.settings.broker_url is None:
        return well("none: work happens in the calling process and in regulars up")
    from regulars.adapters.broker_health import look_at_broker

    return judge_redis(*look_at_broker(house.settings.broker_url))


def _relays(house: House) -> Mapping[str, Callable[[], Finding]]:
    """One question, or one a relay; a relay without an address is an answer too."""
    try:
        relays = house.relays()
    except SettingsError:
        return {"mail": lambda: well(str(house.relays()))}  # it raises again where it is asked
    names = {name: "mail" if name == DEFAULT_RELAY else f"mail {name}" for name in relays}
    return {names[name]: partial(_mail, house, mail) for name, mail in relays.items()}


def _mail(house: House, mail: MailUrl) -> Finding:
    assert house.transport  # raises Refused for an unsafe relay
    if mail.scheme == "ses":
        return well(f"{mail}; asked by a mail only: regulars doctor --test-mail you@shop.example")
    if mail.scheme == "spool":
        if (Path(mail.folder).exists() and not os.access(mail.folder, os.W_OK | os.X_OK)) or Path(mail.folder).is_file():
            raise Unreachable(f"mails cannot be written into {mail.folder}", hint="name a folder of yours in REGULARS_MAIL_URL")
        return well(str(mail))
    from regulars.adapters.smtp_sign_in import sign_in

    return well(f"{mail} lets us in: {sign_in(mail.host, mail.port, mail.user, mail.password, mail.tls)}")


def _links(house: House) -> Finding:
    from regulars.adapters.web_report import web_report

    base_url = house.settings.base_url
    try:
        health, detail, hint = judge_web(web_report(base_url), base_url)
    except Unreachable as error:
        return Health.DOUBTFUL, error.message, error.hint
    return health, detail + ("" if house.settings.base_is_public else " (this machine only)"), hint


def _test_mail(house: House, email: str) -> Finding:
    from regulars.doors.cli.launch import fresh_key, read_recipient
    from regulars.operations.test_send import send_trial

    result = send_trial(
        read_recipient(email, "--test-mail"), house.shop, house.transport, key=fresh_key(), now=house.clock.now(),
        only_to=house.settings.only_to,
    )
    by = house.relays().get(result.relay or "", house.settings.mail)
    return well(f"{by} took it: {result.code or ''} {result.reply or ''}".strip())


def _where(house: House) -> str:
    return house.database.engine.url.render_as_string(hide_password=True)
