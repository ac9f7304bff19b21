"""The whole loop on the sample shop: files become mail, customers answer over HTTP, and the next segment is another one.

Every command below is one that you could type. State lives in .regulars/demo/ and is made anew at each run;
the clock and the secret are fixed, so the numbers are the same every time.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from players import Play, free_port, friends_of, orders_of, play, tell

ROOT = Path(__file__).resolve().parents[1]
STATE = ROOT / ".regulars" / "demo"
SHOP = "samples/shop"
LAUNCH_DAY = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
THREE_HOURS_LATER = LAUNCH_DAY + timedelta(hours=3)
NEXT_DAY = LAUNCH_DAY + timedelta(days=1)
TWO_DAYS_LATER = LAUNCH_DAY + timedelta(days=2)
SIX_DAYS_LATER = LAUNCH_DAY + timedelta(days=5, hours=22, minutes=5)  # 10:05 in Istanbul
PORT = free_port(preferred=8000)
SETTINGS = {
    "REGULARS_PROJECT": str(ROOT),
    "REGULARS_DATABASE_URL": "sqlite:///.regulars/demo/regulars.db",
    "REGULARS_MAIL_URL": "spool:.regulars/demo/outbox",
    "REGULARS_BASE_URL": f"http://127.0.0.1:{PORT}",
    "REGULARS_SECRET": "a-fixed-secret-for-the-demo-only",
}


def main() -> None:
    began = time.monotonic()
    start_afresh()

    chapter("A shop's files are checked before anything else happens")
    regulars("check")

    chapter("Its customers and three years of orders go into a database (SQLite, made on the spot)")
    regulars("import", "customers", f"{SHOP}/customers.csv")
    regulars("import", "products", f"{SHOP}/products.csv")
    regulars("import", "orders", f"{SHOP}/orders.csv")

    chapter("YAML segments choose people")
    before = sizes()
    regulars("segments", "list")
    somebody = slipping_away()
    regulars("preview", "win-back", "--customer", somebody, lines=24)

    chapter("A plan says who would be written to, and who not, and why; a launch does it")
    regulars("plan", "win-back")
    for campaign in ("win-back", "thank-you", "welcome"):
        regulars("launch", campaign, "--yes", lines=6 if campaign != "win-back" else None)
    regulars("status")

    chapter("Three hours later customers read their mail; so do machines that only pretend to")
    with running("serve", THREE_HOURS_LATER):
        answers = play(STATE / "outbox")
    print(answers.in_words())
    fan = answers.buyers[0]
    regulars("scores", "show", fan, now=LAUNCH_DAY)

    chapter("Other letters start by themselves: apply puts automations live")
    regulars("apply", "after-first-order", "come-back", "--yes", lines=12)
    key = made_key()

    chapter("Some of those who clicked buy, and friends come with their codes; the shop tells it over HTTP")
    with running("serve", NEXT_DAY + timedelta(hours=9)):
        tell_orders(answers, key)
    regulars("automations", "status", "after-first-order", now=TWO_DAYS_LATER)

    chapter("What was it worth?")
    regulars("report", "win-back", now=TWO_DAYS_LATER)
    regulars("scores", "show", fan, now=TWO_DAYS_LATER)
    if answers.advocates:
        regulars("customers", "show", answers.advocates[0], now=TWO_DAYS_LATER, lines=24)

    if answers.codes:
        chapter("Days later the friends' first letters are due; nobody has to be there")
        with running("up", SIX_DAYS_LATER):
            wait_for_mails(len(answers.codes))
        friend = friends_of(answers)[0][0]
        regulars("why", "after-first-order", friend, now=SIX_DAYS_LATER + timedelta(minutes=5))
        regulars("preview", "--launch", "after-first-order", "--customer", friend, now=SIX_DAYS_LATER + timedelta(minutes=5), lines=24)
        regulars("referrals", "list", now=SIX_DAYS_LATER + timedelta(minutes=5), lines=8)

    chapter("And the next segment is another one")
    compare(before, sizes(TWO_DAYS_LATER))
    regulars("plan", "win-back", now=TWO_DAYS_LATER)
    regulars("why", "thank-you", fan, now=TWO_DAYS_LATER)
    farewell(answers, time.monotonic() - began)


def start_afresh() -> None:
    shutil.rmtree(STATE, ignore_errors=True)
    STATE.mkdir(parents=True)
    lines = [f'export {name}="{value}"' for name, value in environment(TWO_DAYS_LATER).items() if name.startswith("REGULARS_")]
    (STATE / "env").write_text("\n".join(lines) + "\n")


def environment(now: datetime) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
    return {**kept, **SETTINGS, "REGULARS_NOW": now.isoformat().replace("+00:00", "Z")}


def regulars(*args: str, now: datetime = LAUNCH_DAY, lines: int | None = None) -> None:
    """Runs a command and shows it with what it said, at most the first `lines` lines of it."""
    print(f"\n$ regulars {' '.join(args)}", flush=True)
    done = subprocess.run(
        _command(*args), cwd=ROOT, env=environment(now), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    said = [line.rstrip() for line in done.stdout.rstrip().splitlines()]
    print("\n".join(said[:lines]))
    if lines is not None and len(said) > lines:
        print(f"… {len(said) - lines} more lines")
    if done.returncode:
        sys.exit(f"the demo stops here: regulars {args[0]} ended with exit code {done.returncode}")


def told(*args: str, now: datetime = LAUNCH_DAY) -> dict:
    """What a command answers with --json."""
    command = _command(*args, "--json")
    return json.loads(subprocess.run(command, cwd=ROOT, env=environment(now), capture_output=True, text=True, check=True).stdout)


def _command(*args: str) -> list[str]:
    return [sys.executable, "-m", "regulars", *args]


def sizes(now: datetime = LAUNCH_DAY) -> dict[str, int]:
    return {row["name"]: row["count"] for row in told("segments", "list", now=now)["segments"]}


def slipping_away() -> str:
    return told("segments", "show", "slipping-away", "--sample", "1")["sample"][0]["email"]


def compare(before: dict[str, int], after: dict[str, int]) -> None:
    print("\nsegment            before    after")
    for name, count in before.items():
        change = after[name] - count
        print(f"{name:<18} {count:>6} {after[name]:>8}   {f'{change:+d}' if change else ''}")


def made_key() -> str:
    print("\n$ regulars keys create till --scope orders:write --scope customers:write", flush=True)
    command = _command("keys", "create", "till", "--scope", "orders:write", "--scope", "customers:write")
    made = subprocess.run(command, cwd=ROOT, env=environment(LAUNCH_DAY), capture_output=True, text=True, check=True).stdout.strip()
    print(made[:16] + "…")
    return made


def tell_orders(answers: Play, key: str) -> None:
    friends = [{"email": email, "locale": "tr", "consent": "yes", "consent_source": "checkout"} for email, _ in friends_of(answers)]
    orders = orders_of(answers, ROOT / SHOP / "products.csv", NEXT_DAY)
    print(f"POST /api/v1/customers: {tell(PORT, key, 'customers', friends)} recorded")
    print(f"POST /api/v1/orders: {tell(PORT, key, 'orders', orders)} recorded; and told once more: {tell(PORT, key, 'orders', orders)}")


def wait_for_mails(more: int) -> None:
    """Until so many more have come than there are, or nobody sends any longer."""
    before = count = len(list((STATE / "outbox").rglob("*.eml")))
    for _ in range(120):
        time.sleep(0.5)
        count = len(list((STATE / "outbox").rglob("*.eml")))
        if count >= before + more:
            break
    print(f"{count - before} more mails in the outbox")


@contextmanager
def running(command: str, now: datetime) -> Iterator[None]:
    """`serve` is the web door; `up` sends as well."""
    print(f"\n$ REGULARS_NOW={now:%Y-%m-%dT%H:%MZ} regulars {command} --port {PORT} &", flush=True)
    process = subprocess.Popen(
        _command(command, "--port", str(PORT)), cwd=ROOT, env=environment(now), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        Play.wait_for(PORT, process)
        yield
    finally:
        process.terminate()
        process.wait(20)


def chapter(title: str) -> None:
    chapter.number = getattr(chapter, "number", 0) + 1
    print(f"\n\n{chapter.number}. {title}\n{'─' * (len(title) + 3)}", flush=True)


def farewell(answers: Play, seconds: float) -> None:
    print(f"""

That was the loop, in {seconds:.0f} seconds. Look around in it:

  . .regulars/demo/env                     # the demo's settings, for this shell
  .venv/bin/regulars up --port {PORT}          # then open http://127.0.0.1:{PORT}/outbox and read the mails
  .venv/bin/regulars why win-back {answers.buyers[0]}
  .venv/bin/regulars segments show engaged --sample 5
  $EDITOR segments/slipping_away.yaml      # change a word, then: .venv/bin/regulars check

Next: the tutorial in README.md, or a workspace of your own: .venv/bin/regulars init my-shop
""")


if __name__ == "__main__":
    main()
