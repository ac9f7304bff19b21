"""Real Celery workers take journeys on: nobody rings, the beat finds what is due, and its webhooks and notes leave."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from regulars.adapters.broker import BrokerBell, NoBell
from regulars.adapters.database.engine import Database
from regulars.definition.automation import Notify, Tag, Webhook
from regulars.delivery.errands import hook_key
from tests.integration.test_worker import Workshop, _on_redis, until
from tests.journeying import NOW, campaign, happening, people, put_live, standing, tell
from tests.servers import RedisServer


class Receiver(BaseHTTPRequestHandler):
    heard: list[tuple[bytes, str]] = []  # noqa: RUF012  the server makes an instance a call

    def do_POST(self) -> None:
        self.heard.append((self.rfile.read(int(self.headers["content-length"])), self.headers["Regulars-Signature"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[str]:
    Receiver.heard = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    server.server_close()


@pytest.fixture
def workshop(postgres_database: Database, redis_server: RedisServer, tmp_path) -> Iterator[Workshop]:
    _on_redis(redis_server, "FLUSHALL")
    made = Workshop(postgres_database, redis_server, tmp_path)
    yield made
    made.close()


@pytest.mark.redis
@pytest.mark.postgres
def test_a_beat_finds_due_steps_and_their_errands(postgres_database: Database, workshop: Workshop, receiver: str) -> None:
    ids = people(postgres_database, "ada", "bob", "cem")
    put_live(postgres_database, campaign(Tag("mark", ("met",)), Webhook("crm", receiver), Notify("team", "team@example.com")))
    tell(postgres_database, [happening(each) for each in ids])

    workshop.start(beat=True)
    until(lambda: len(Receiver.heard) == 3 and workshop.mails() == 3, workshop)
    assert [row[1:] for row in standing(postgres_database)] == [("ended", None, "finished")] * 3
    for body, signature in Receiver.heard:
        moment, _, signed = signature.removeprefix("t=").partition(",v1=")
        assert signed == hmac.new(hook_key(b"a secret of the tests").encode(), moment.encode() + b"." + body, "sha256").hexdigest()


@pytest.mark.redis
@pytest.mark.postgres
def test_who_hears_the_bell_does_not_wait_for_the_beat(postgres_database: Database, workshop: Workshop) -> None:
    [ada] = people(postgres_database, "ada")
    put_live(postgres_database, campaign(Tag("mark", ("met",))))
    tell(postgres_database, [happening(ada, at=NOW)])
    assert BrokerBell(workshop.redis.url).ring_for_journeys()

    workshop.start(beat=False)
    until(lambda: standing(postgres_database) == [(ada, "ended", None, "finished")], workshop)


def test_where_nobody_can_be_rung_for_the_beat_will_find_it() -> None:
    for bell in (BrokerBell("redis://127.0.0.1:1/0"), NoBell()):
        assert not bell.ring_for_journeys()
        assert not bell.ring_for_errands()
