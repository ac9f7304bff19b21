"""The same mails by regulars, by the usual way and by smtp-source, in turns; then regulars with distance put between.

PostgreSQL with fsync on, smtp-sink on the loopback, everything on the same cores.
"""

from __future__ import annotations

import html as markup
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psycopg

from benchmarks.letter import open_shop
from benchmarks.shop import copy_workspace
from benchmarks.stage import (
    Stage,
    cpu_seconds,
    memory_megabytes,
    running,
    server_pid,
    smtp_program,
    stage,
    wait_until,
)
from regulars.bootstrap import House
from tests.servers import free_port, wait_for_port

MAILS = int(os.environ.get("BENCH_MAILS", "20000"))
FAR_MAILS = MAILS // 2
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
CONNECTIONS = 20
PER_CONNECTION = 1000  # what a shop would set for a relay of its own
DISTANCES = (20, 100)  # ms a round trip
SECRET = "a-secret-of-sixteen-letters"
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Run:
    """`rate`: messages a second; `cpu` and `server`: CPU seconds per 1,000 of the senders and of PostgreSQL; `memory`: MB of the largest worker."""

    rate: float
    cpu: float = 0.0
    server: float = 0.0
    memory: float = 0.0


def main() -> None:
    with tempfile.TemporaryDirectory() as name, stage(Path(name)) as bench:
        Path(name).chmod(0o755)
        shop = Shop(bench, MAILS)
        print(f"delivery: {MAILS:,} mails of {shop.size / 1024:.1f} KB (HTML {shop.html_size / 1024:.1f} KB) to smtp-sink; {shop.settings()}; "
              f"{CONNECTIONS} connections a worker, {PER_CONNECTION} mails each; "
              f"medians of {ROUNDS} interleaved rounds, {os.cpu_count()} cores\n")
        contenders: dict[str, Callable[[], Run]] = {
            "regulars, 1 worker": lambda: shop.regulars(1), "regulars, 2 workers": lambda: shop.regulars(2),
            "the usual way, 2 processes": shop.usual_way, "smtp-source, 10 connections": shop.smtp_source,
        }
        runs: dict[str, list[Run]] = {who: [] for who in contenders}
        for _ in range(ROUNDS):
            for who, send in contenders.items():
                runs[who].append(send())
                print(f"  {who}: {runs[who][-1].rate:,.0f}/s", file=sys.stderr, flush=True)
        middle = {who: _middle(found) for who, found in runs.items()}
        _table(middle)
        best = max(middle["regulars, 1 worker"].rate, middle["regulars, 2 workers"].rate)
        print(f"\nagainst the usual way {best / middle['the usual way, 2 processes'].rate:.1f}x (goal 8), "
              f"against smtp-source {best / middle['smtp-source, 10 connections'].rate:.2f} (goal 0.5), "
              f"memory of a worker {middle['regulars, 1 worker'].memory:.0f} MB (goal 200)\n")
        for distance in DISTANCES:
            ideal = CONNECTIONS / (distance / 1000)
            rate = shop.regulars(1, distance, FAR_MAILS).rate
            print(f"{distance:>3} ms round trip, {CONNECTIONS} connections: {rate:,.0f}/s, {rate / ideal:.0%} of connections / round trip"
                  + (" (goal 85%)" if distance == 100 else ""), flush=True)
    print()


class Shop:
    """A shop whose whole list is written to again and again, each time as a launch of its own."""

    def __init__(self, bench: Stage, people: int) -> None:
        self._bench = bench
        self._folder = bench.folder / "shop"
        self._folder.mkdir()
        self._url = bench.new_database()
        self._environment = {
            "REGULARS_DATABASE_URL": self._url, "REGULARS_BROKER_URL": bench.redis.url, "REGULARS_SECRET": SECRET,
            "REGULARS_MAIL_URL": self._mail_url(bench.sink), "REGULARS_PROJECT": str(self._folder), "PYTHONPATH": str(ROOT),
        }
        copy_workspace(self._folder, {})
        self._run([sys.executable, "-m", "regulars", "db", "upgrade"])
        house = open_shop(self._folder, people, self._environment)
        self.size, self.html_size = _write_usual_template(house, self._folder / "usual.html")
        house.database.close()

    def settings(self) -> str:
        with psycopg.connect(self._url) as connection:
            version, = connection.execute("SHOW server_version").fetchone() or ("",)
            fsync, = connection.execute("SHOW fsync").fetchone() or ("",)
        return f"PostgreSQL {version}, fsync {fsync}"

    def regulars(self, workers: int, distance: int = 0, most: int = 0) -> Run:
        with ExitStack() as stack:
            port = stack.enter_context(_proxy(self._bench.sink, distance)) if distance else self._bench.sink
            environment = {**os.environ, **self._environment, "REGULARS_MAIL_URL": self._mail_url(port)}
            stack.enter_context(self._celery(environment, "beat"))
            started = [stack.enter_context(self._worker(environment)) for _ in range(workers)]
            wait_until(lambda: all(cpu_seconds(worker.pid) > 0.8 for worker in started))
            time.sleep(2)
            before, server_before = sum(cpu_seconds(w.pid) for w in started), self._server_cpu()
            limit = ["--limit", str(most)] if most else []
            self._run([sys.executable, "-m", "regulars", "launch", "to-everybody", "--yes", "--again", *limit])
            wait_until(lambda: self._ask("SELECT count(*) FROM launches WHERE state = 'sending'") == 0)
            count = most or MAILS
            cpu = (sum(cpu_seconds(w.pid) for w in started) - before) / count * 1000
            memory = max(memory_megabytes(w.pid) for w in started)
        seconds = self._ask(
            "SELECT extract(epoch FROM max(m.accepted_at) - l.started_at) FROM messages m JOIN launches l ON l.id = m.launch_id "
            "WHERE l.id = (SELECT max(id) FROM launches) AND m.state = 'accepted' GROUP BY l.id HAVING count(*) = " + str(count))
        assert seconds, "not every mail was accepted"
        server = (self._server_cpu() - server_before) / count * 1000
        self._forget()
        return Run(count / float(seconds), cpu, server, memory)

    def usual_way(self) -> Run:
        self._run_sql("CREATE TABLE IF NOT EXISTS deliveries (customer_id bigint PRIMARY KEY, sent_at timestamptz)")
        self._run_sql("TRUNCATE deliveries; INSERT INTO deliveries SELECT id FROM customers")
        environment = {
            **os.environ, "PYTHONPATH": str(ROOT), "USUAL_BROKER": self._bench.redis.url.replace("/0", "/1"), "USUAL_DATABASE": _psycopg(self._url),
            "USUAL_TEMPLATE": str(self._folder / "usual.html"), "USUAL_RELAY": str(self._bench.sink),
        }
        command = [sys.executable, "-m", "celery", "-A", "benchmarks.usual_way", "worker", "--concurrency", "2", "--loglevel", "error"]
        with running(command, env=environment, cwd=self._folder) as worker:
            wait_until(lambda: cpu_seconds(worker.pid) > 0.5)
            time.sleep(3)
            before, server_before, began = cpu_seconds(worker.pid), self._server_cpu(), time.time()
            queue = subprocess.Popen([sys.executable, "-m", "benchmarks.usual_way", str(MAILS)], env=environment, cwd=self._folder)
            wait_until(lambda: self._ask("SELECT count(*) FROM deliveries WHERE sent_at IS NULL") == 0)
            queue.wait()
            cpu = (cpu_seconds(worker.pid) - before) / MAILS * 1000
        last = self._ask("SELECT extract(epoch FROM max(sent_at)) FROM deliveries")
        return Run(MAILS / (float(last) - began), cpu, (self._server_cpu() - server_before) / MAILS * 1000)

    def smtp_source(self) -> Run:
        began = time.monotonic()
        before = os.times()
        subprocess.run(
            [smtp_program("smtp-source"), "-s", "10", "-m", str(MAILS), "-l", str(self.size), "-f", "a@kahve.example", "-t", "b@posta.example",
             f"127.0.0.1:{self._bench.sink}"], check=True, stdout=subprocess.DEVNULL,
        )
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return Run(MAILS / (time.monotonic() - began), cpu / MAILS * 1000)

    def _worker(self, environment: dict[str, str]) -> AbstractContextManager[subprocess.Popen[bytes]]:
        return running([sys.executable, "-m", "regulars", "worker", "--loglevel", "warning"], env=environment, cwd=self._folder)

    def _celery(self, environment: dict[str, str], *words: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
        return running([sys.executable, "-m", "celery", "-A", "regulars.doors.worker", *words], env=environment, cwd=self._folder)

    def _mail_url(self, port: int) -> str:
        return f"smtp://127.0.0.1:{port}?connections={CONNECTIONS}&per_connection={PER_CONNECTION}"

    def _server_cpu(self) -> float:
        """Of backends that have ended as well: their parent has waited for them."""
        return cpu_seconds(server_pid(self._bench.postgres_url))

    def _forget(self) -> None:
        self._run_sql("TRUNCATE messages, attempts, audience")
        self._run_sql("CHECKPOINT")

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(command, check=False, env={**os.environ, **self._environment}, cwd=self._folder, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command)}: {done.stderr}")

    def _ask(self, question: str) -> float:
        with psycopg.connect(self._url) as connection:
            row = connection.execute(question).fetchone()
        return row[0] if row else 0

    def _run_sql(self, statement: str) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def _proxy(relay: int, distance: int) -> Iterator[int]:
    port = free_port()
    with running([sys.executable, "-m", "benchmarks.proxy", str(port), str(relay), str(distance)], cwd=ROOT):
        wait_for_port(port)
        yield port


def _write_usual_template(house: House, file: Path) -> tuple[int, int]:
    """Our own letter to the first customer with its values replaced, so that both write the same; returns the sizes of mail and HTML."""
    from regulars.operations.preview import customer_named, preview

    workspace, now = house.workspace, house.clock.now()
    campaign = workspace.campaigns["to-everybody"]
    address = "customer1@posta1.example"
    recipient = customer_named(address, workspace, campaign.name, house.desk.compiler, house.sent_mails, house.recipients, now)
    shown = preview(campaign, workspace, recipient, house.desk.compiler, keys=house.settings.keys, base_url="https://mail.kahve.example", now=now)
    html = shown.email.html
    for number, item in enumerate(recipient.purchases[:6]):
        assert item.product.name in html
        html = html.replace(markup.escape(item.product.name), f"{{{{ purchases[{number}].product }}}}")
    html = html.replace(recipient.first_name or "", "{{ customer.first_name }}").replace(recipient.referral_code or "", "{{ code }}")
    html = re.sub(r"520\.00|TRY 520|₺520\.00", "{{ '%.2f' | format(purchases[0].unit_price / 10000) }}", html)
    links = iter(range(1, 1000))
    html = re.sub(
        r"https://mail\.kahve\.example/[cupvo]/[^\"<]+", lambda _: f"{{{{ tracked(customer.id, {next(links)}, 'https://kahve.example/beans') }}}}", html
    )
    file.write_text(html)
    return len(shown.mail.content), len(shown.email.html.encode())


def _psycopg(url: str) -> str:
    return "postgresql+psycopg://" + url.partition("://")[2]


def _middle(runs: list[Run]) -> Run:
    return Run(*(median(getattr(run, part) for run in runs) for part in ("rate", "cpu", "server", "memory")))


def _table(runs: dict[str, Run]) -> None:
    print(f"{'':<28} {'mails/s':>8}   CPU s per 1,000: {'senders':>8} {'PostgreSQL':>11}   memory of a worker")
    for who, run in runs.items():
        print(f"{who:<28} {run.rate:>8,.0f}   {'':<16} {run.cpu:>8.2f} {run.server or float('nan'):>11.2f}   {run.memory:>6.0f} MB")


if __name__ == "__main__":
    main()
