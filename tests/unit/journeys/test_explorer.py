"""Every order in which a shop tells, time passes, workers turn and die, and somebody disables: no step is done twice or lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from regulars.definition.automation import WaitFor, WaitQuiet
from regulars.journeys.effects import Told
from regulars.journeys.journey import JourneyState
from regulars.operations.advance import advance_some
from regulars.operations.happen import happen
from tests.unit.journeys.memory import Book, Page
from tests.unit.journeys.ways import NOW, days, happening, live, send, wait

HALF_A_DAY = timedelta(hours=12)
DEPTH = 6
STEPS = (
    send("first"), WaitFor("empty", "cart.emptied", days(1)), send("second"), WaitQuiet("quiet", "cart.updated", days(0.5)),
    wait("pause", days(0.5)), send("third"),
)
IN_ORDER = ["first", "empty", "second", "quiet", "pause", "third"]


@dataclass(frozen=True)
class World:
    book: Book
    hours: int = 0

    @property
    def now(self):
        return NOW + timedelta(hours=self.hours)


def turn(world: World) -> World:
    page = Page(world.book)
    advance_some(page, world.now)
    return replace(world, book=page.book)


def die_in_a_turn(world: World) -> World:
    """Everything decided and written, and nothing of it kept."""
    turn(world)
    return world


def tell(kind: str) -> Callable[[World], World]:
    def told(world: World) -> World:
        what = happening(kind, world.now, "1001" if kind == "order.placed" else f"{kind}-{world.hours}")
        page = Page(replace(world.book, told=tuple(dict.fromkeys((*world.book.told, Told(kind, world.now, what.subject))))))
        happen([what, what], page, world.now)
        happen([what], page, world.now)
        return replace(world, book=page.book)

    return told


def pass_time(world: World) -> World:
    return replace(world, hours=world.hours + 12)


def disable(world: World) -> World:
    return replace(world, book=replace(world.book, live=replace(world.book.live, live_since=None)))


def enable(world: World) -> World:
    awake = tuple(replace(one, state=JourneyState.WAITING) if one.state is JourneyState.PAUSED else one for one in world.book.journeys)
    since = world.book.live.live_since or world.now
    return replace(world, book=replace(world.book, journeys=awake, live=replace(world.book.live, live_since=since)))


ACTS = (
    turn, die_in_a_turn, pass_time, disable, enable, tell("order.placed"), tell("cart.emptied"), tell("cart.updated"), tell("order.refunded"),
)


def worlds() -> Iterator[tuple[World, World]]:
    """Each world that can be reached, with the one it came from."""
    first = World(Book(live(*STEPS, leave_when=("order.refunded",), not_later_than=days(1))))
    seen, edge = {_key(first)}, [first]
    yield first, first
    for _ in range(DEPTH):
        following = []
        for world in edge:
            for act in ACTS:
                after = act(world)
                yield world, after
                if _key(after) not in seen:
                    seen.add(_key(after))
                    following.append(after)
        edge = following


def _key(world: World) -> object:
    book = world.book
    own = tuple((one.state, one.step, one.due_at, one.waits_for, one.reason, one.fence) for one in book.journeys)
    return world.hours, book.live.live_since, own, book.mails, book.told


def test_no_order_of_things_does_a_step_twice_or_loses_one() -> None:
    reached, ended = 0, set()
    for before, world in worlds():
        reached += 1
        book = world.book
        assert len(book.journeys) <= 1, "never again is never"
        assert len(set(book.mails)) == len(book.mails)
        assert [step for _, step in book.mails] == [step for step in ("first", "second", "third") if (1, step) in book.mails]
        for journey in book.journeys:
            assert journey.is_under_way == (journey.due_at is not None and journey.reason is None)
            assert all(done.reason for _, done in book.steps if done.outcome in {"skipped", "left"})
            over = [done.step for _, done in book.steps if not (done.outcome == "begun" and done.step in {"empty", "quiet"}) and done.kind != "leave"]
            assert over == IN_ORDER[:len(over)], "each is over once, and in the order of the file"
            if not journey.is_under_way:
                ended.add(journey.reason)
        if before.book.journeys and not before.book.journeys[0].is_under_way:
            assert book.mails == before.book.mails, "whoever has left gets nothing more"
    assert reached > 5_000
    assert ended >= {"left: order.refunded", "finished"}


def test_from_everywhere_each_journey_comes_to_its_end() -> None:
    ends = {}
    for _, world in worlds():
        if _key(world) not in ends:
            going = enable(world)
            for _ in range(8):
                going = pass_time(turn(going))
            ends[_key(world)] = [journey.reason for journey in going.book.journeys]
    assert {reason for reasons in ends.values() for reason in reasons} == {"finished", "left: order.refunded"}
