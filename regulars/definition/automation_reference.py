"""The part of the YAML reference about automations: triggers, steps, waits and schedules."""

from __future__ import annotations

from collections.abc import Iterator

from regulars.definition.automation import BUILT_IN_EVENTS
from regulars.definition.reference_rows import cell, rows
from regulars.definition.step_keys import LONGEST_KEY
from regulars.definition.step_words import SEND_TABLE, STOP_TABLE, TAG_TABLE, WEBHOOK_TABLE
from regulars.definition.steps import STEP_WORDS
from regulars.definition.triggers import PLACED_TABLE, SCORE_TABLE, TRIGGERS
from regulars.definition.wait_words import FOR_TABLE, QUIET_TABLE

_SCHEDULES = (
    ("every Monday 10:00", "each week; also `every Monday and Thursday 10:00`"),
    ("every day 10:00 local", "with `local` on each customer's own clock, else on the shop's"),
    ("every weekday 10:00", "Monday to Friday; `every weekend 10:00` is Saturday and Sunday"),
    ("every month on 1 at 10:00", "a day from 1 to 28, which every month has"),
    ("7 days before kurban-bayrami 10:00", "so long before an occasion of the calendar; `on kurban-bayrami 10:00` is the day itself"),
)
_WAITS = (
    ("3 days", "so long; a day is 24 hours, months and years are those of the calendar"),
    ("until 10:00 local", "until the next time that clocks show that, each customer's own with `local`, else the shop's"),
    ("on weekdays", "until a day from Monday to Friday; `on weekends`: a Saturday or Sunday"),
    ("3 days, until 10:00 local, on weekdays", "one after another"),
)


def automation_pages() -> Iterator[str]:
    yield from _triggers()
    yield from _schedules()
    yield from _steps()


def _triggers() -> Iterator[str]:
    yield from ("", "### Triggers", "")
    yield ("An automation starts by one event. `trigger: subscribed` is any of that name; `trigger: {order.placed: {nth: 1}}` narrows it. "
           "Only what happens now starts anything: history that is imported never does.")
    yield from ("", "| trigger | starts when | example |", "|---|---|---|")
    yield from (f"| `{event}` | {cell(word.doc)} | `{event}: {cell(word.example)}` |" for event, word in TRIGGERS.items())
    others = ", ".join(f"`{event}`" for event in BUILT_IN_EVENTS if event not in TRIGGERS)
    yield f"| {others} | what their names say | `trigger: subscribed` |"
    yield "| an event of `events:` | the shop told it, and its fields are as asked | `nps.answered: {score: {at_least: 9}}` |"
    yield from ("", "What may stand behind `order.placed`, and all but `nth` behind every other `order.`:", "")
    yield from rows(PLACED_TABLE, "")
    yield from ("", "What stands behind `score.crossed`:", "")
    yield from rows(SCORE_TABLE, "")


def _schedules() -> Iterator[str]:
    yield from ("", "| schedule | |", "|---|---|")
    yield from (f'| `schedule: "{text}"` | {meaning} |' for text, meaning in _SCHEDULES)


def _steps() -> Iterator[str]:
    yield from ("", "### Steps", "")
    yield (f"Each step does one thing. `name:` beside it gives it a name of its own (at most {LONGEST_KEY} letters, as in `name: first-hello`), by which "
           "`why` and `report` call it and by which customers on their way find it again in a changed file; else it is called after what it does.")
    yield from ("", "| step | what it does | example |", "|---|---|---|")
    yield from (f"| `{name}` | {cell(word.doc)} | `{name}: {cell(word.example)}` |" for name, word in STEP_WORDS.items())
    yield from ("", "| wait | goes on |", "|---|---|")
    yield from (f"| `wait: {text}` | {meaning} |" for text, meaning in _WAITS)
    for title, table in (("`wait` for an event", FOR_TABLE), ("`wait` until it is quiet", QUIET_TABLE), ("`send`", SEND_TABLE), ("`tag`", TAG_TABLE),
                         ("`webhook`", WEBHOOK_TABLE), ("`stop_mailing`", STOP_TABLE)):
        yield from ("", f"What stands behind {title}:", "", *rows(table, ""))
