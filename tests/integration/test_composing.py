"""Templates run in a process of their own: whatever one does, it ends with a reason, and other mail is composed."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from regulars.adapters.composing import ComposingChild
from regulars.adapters.composing_wire import TOO_LARGE, TOO_SLOW, Request, packed_request, read_request
from regulars.adapters.mjml import MjmlCompiler
from regulars.content.bundle import Bundle, freeze
from regulars.content.email import BeyondLimits, CannotCompose, Occasion
from regulars.content.mailroom import open_bundle
from regulars.content.recipient import OfferInHand, OrderTotals, Product, Purchase, Recipient, RewardsEarned
from regulars.content.tokens import Key, MessageRef
from regulars.definition.quantities import Money
from regulars.delivery.composing import Composed, Job, Trouble, composed
from tests.commands import Regulars, add_people, until, workspace_in
from tests.integration.invariants import assert_promises_kept
from tests.integration.launching import NOW, ShopFloor, add_customers, workspace

ROOT = Path(__file__).parents[2]
GUJI = Product("GUJI", "Etiyopya Guji", "https://kahve.example/guji", None, Money(5_200_000, "TRY"), None, "beans")
ADA = Recipient(
    7, "ada@example.com", "Ada", "Öz", "tr", "Europe/Istanbul", "TR", "İzmir", "--05-17", {"tier": "gold", "since": NOW, "points": None},
    OrderTotals(2, Money(10_400_000, "TRY"), NOW, NOW),
    (Purchase("A1", NOW, GUJI, Decimal("1.5"), Money(5_200_000, "TRY"), Money(7_800_000, "TRY")),) * 2, GUJI, "ADA7",
    offer=OfferInHand("ten", "COME-4X", "10%", Decimal(10), None, Money(5_000_000, "TRY"), NOW),
    rewards=RewardsEarned(2, 1, (Money(1_000_000, "TRY"), Money(5, "EUR")), ("100 TRY", "a mug"), "200 TRY"),
)
# What a sandbox is known to let through; ours stops most of it before any limit does.
KNOWN_BOMBS = {
    "repeat": "{{ 'a' * 10**9 }}",
    "nested ranges": "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
    "center": "{{ 'a' | center(10**9) }}",
    "ljust": "{{ 'a'.ljust(1000000000) }}",
    "zfill": "{{ 'a'.zfill(1000000000) }}",
    "expandtabs": "{{ '\t'.expandtabs(1000000000) }}",
    "percent": "{{ '%01000000000d' % 1 }}",
    "format filter": "{{ '%01000000000d' | format(1) }}",
    "format method": "{{ '{:>1000000000}'.format('a') }}",
    "indent": "{{ 'a' | indent(1000000000, true) }}",
    "lipsum": "{{ lipsum(n=1000000) }}",
    "namespace": "{% set n = namespace(x='aaaaaaaa') %}{% for a in range(30) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}",
    "wordwrap": "{{ 'a b ' * 10**8 | wordwrap(1) }}",
}
DIGITS = "[0,1,2,3,4,5,6,7,8,9]"
FOR = f"{{% for x in {DIGITS} %}}"
OWN_BOMBS = {  # these pass the sandbox, so nothing but the limit ends them
    "loops": (FOR * 9 + "{% if not x %}{% set y = 1 %}{% endif %}" + "{% endfor %}" * 9, TOO_SLOW),
    "squares": ("{% set x = 9999999999 %}" + "{% set x = x * x %}" * 40 + "{{ x > 1 }}", TOO_SLOW),
    "doubled text": ("{% set x = customer.email %}" + "{% set x = x ~ x %}" * 40, TOO_LARGE),
    "filled batches": ("{{ [1] | batch(1000000000, 1) | list | length }}", TOO_LARGE),
    "long mail": ("{% set x = customer.email %}" + "{% set x = x ~ x %}" * 16 + FOR.replace("x", "y") + "{{ x }}" + "{% endfor %}", "the mail grows beyond"),
}


def a_room(html=None):
    made = workspace()
    files = dict(freeze(made, made.campaigns["hello"], MjmlCompiler()).files)
    if html is not None:
        files["mail/en.html"] = files["mail/tr.html"] = html.encode()
    return open_bundle(files)


def occasion(number=1):
    return Occasion(MessageRef(3, number), "abcdefghijkl", Key(b"secret", 9), "https://mail.kahve.example", NOW)


@pytest.fixture(scope="module")
def child():
    child = ComposingChild()
    yield child
    child.close()


def test_the_child_composes_exactly_what_would_be_composed_here(child):
    room, jobs = a_room(), [Job(replace(ADA, email=f"c{n}@example.com"), occasion(n)) for n in range(1, 40)]

    assert list(child.letters(room, jobs)) == [composed(room, job) for job in jobs]
    assert child.email(room, ADA, occasion()) == room.compose(ADA, occasion())


def test_jobs_arrive_as_they_were_sent():
    jobs = [Job(ADA, occasion()), Job(Recipient(8, "b@example.com"), occasion(2))]

    read = read_request(packed_request(Request(4, {"shop.json": b"{}"}, jobs, True)))
    assert read == Request(4, {"shop.json": b"{}"}, jobs, True)


def test_what_does_not_fit_a_customer_is_that_customers_reason_alone(child):
    room = a_room("{{ 1 / customer.first_name | length }} {{ links.unsubscribe }}")
    nameless, named = Job(replace(ADA, first_name=""), occasion(1)), Job(ADA, occasion(2))
    first, second = child.letters(room, [nameless, named])

    assert first == Trouble("the template and this customer's values do not fit: division by zero")
    assert isinstance(second, Composed)


@pytest.mark.parametrize("name", KNOWN_BOMBS)
def test_a_known_bomb_is_a_clear_error(child, name):
    with pytest.raises(CannotCompose) as refused:
        child.email(a_room(KNOWN_BOMBS[name]), ADA, occasion())

    assert "process" not in refused.value.reason


@pytest.mark.parametrize("name", OWN_BOMBS)
def test_what_the_sandbox_lets_through_is_ended_by_a_limit(child, name):
    bomb, reason = OWN_BOMBS[name]
    with pytest.raises(BeyondLimits, match=reason):
        child.email(a_room(bomb), ADA, occasion())

    assert child.email(a_room(), ADA, occasion()).subject == "Merhaba"


def test_no_bomb_takes_more_than_256_megabytes():
    """In a process of its own, whose children are these and no others."""
    script = """
import json, resource, sys
from regulars.adapters.composing import ComposingChild
from regulars.content.email import CannotCompose
from tests.integration.test_composing import ADA, KNOWN_BOMBS, OWN_BOMBS, a_room, occasion
child, reasons = ComposingChild(), {}
for name, bomb in {**KNOWN_BOMBS, **{name: bomb for name, (bomb, _) in OWN_BOMBS.items()}}.items():
    try:
        child.email(a_room(bomb), ADA, occasion())
    except CannotCompose as error:
        reasons[name] = error.reason
child.close()
json.dump([reasons, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss], sys.stdout)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    reasons, kilobytes = json.loads(done.stdout)

    assert reasons.keys() == KNOWN_BOMBS.keys() | OWN_BOMBS.keys()
    assert kilobytes <= 256 * 1024


class Deadly(str):
    """A value that ends the process which prints it, as a fault in a C library would."""

    __slots__ = ()

    def __html__(self):
        os.kill(os.getpid(), signal.SIGSEGV)


def test_who_ends_the_process_is_left_out_and_the_others_are_composed(child):
    room = a_room("{{ customer.first_name }} {{ links.unsubscribe }}")
    people = [replace(ADA, first_name="Ada"), replace(ADA, first_name=Deadly("x")), replace(ADA, first_name="Bo")]
    answers = list(child.letters(room, [Job(person, occasion(n)) for n, person in enumerate(people)]))

    assert [type(answer) for answer in answers] == [Composed, Trouble, Composed]
    assert answers[1] == Trouble("composing one mail ended the process that did it (SIGSEGV)")


def test_a_child_that_was_killed_is_nobodys_fault(child):
    room, jobs = a_room(), [Job(ADA, occasion(n)) for n in range(300)]
    answers = child.letters(room, jobs)
    first = [next(answers) for _ in range(100)]
    os.kill(pid_of(child), signal.SIGKILL)

    assert [*first, *answers] == [composed(room, job) for job in jobs]


def test_who_stops_listening_does_not_confuse_the_next(child):
    room = a_room()
    answers = child.letters(room, [Job(ADA, occasion(n)) for n in range(300)])
    next(answers)
    answers.close()

    [answer] = child.letters(room, [Job(ADA, occasion(999))])
    assert answer == composed(room, Job(ADA, occasion(999)))


def test_a_mistake_of_ours_is_not_taken_for_a_templates(child):
    files = a_room().texts | {"links.json": b"[]"}
    room = open_bundle(files)
    room._files = {name: content for name, content in files.items() if name != "mail/en.html"}

    with pytest.raises(RuntimeError, match="KeyError"):
        child.email(room, replace(ADA, locale="en"), occasion())


def test_more_rooms_than_the_child_keeps_are_told_again(child):
    rooms = [a_room() for _ in range(12)]
    for _ in range(2):
        for room in rooms:
            assert child.email(room, ADA, occasion()).language == "tr"


def test_the_child_has_neither_our_settings_nor_our_connections(child, monkeypatch, tmp_path):
    monkeypatch.setenv("REGULARS_MAIL_URL", "smtp://shop:sesame@relay.example")
    child.close()
    child.email(a_room(), ADA, occasion())
    process = Path("/proc") / str(pid_of(child))

    assert b"REGULARS" not in (process / "environ").read_bytes()
    assert not [link for link in (process / "fd").iterdir() if str(link.readlink()).startswith("socket")]


@pytest.mark.parametrize("html", ["{{ links.unsubscribe }}", OWN_BOMBS["squares"][0]])
def test_the_child_ends_with_its_parent(html):
    script = f"""
import os, signal, sys, threading
from tests.integration.test_composing import *
child = ComposingChild()
child.email(a_room(), ADA, occasion())
print(pid_of(child), flush=True)
threading.Thread(target=lambda: child.email(a_room({html!r}), ADA, occasion()), daemon=True).start()
signal.pause()
"""
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()

    until(lambda: not alive(pid), "the child's end")


def pid_of(child):
    return child._child._process.pid


def alive(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


# In a launch

@pytest.fixture
def floor(database, child):
    floor = ShopFloor(database)
    floor.composer = child
    yield floor
    assert_promises_kept(database)


def launch_of(floor, html):
    """A launch that `check` would not have let pass."""
    planned = floor.prepare()
    files = {**planned.bundle.files, "mail/en.html": html.encode()}
    return floor.start(replace(planned, bundle=Bundle(f"{abs(hash(html)):064x}", files)))


def test_a_template_beyond_its_limits_pauses_its_launch_and_no_other(floor):
    add_customers(floor.database, 30)
    hostile = launch_of(floor, OWN_BOMBS["doubled text"][0])
    floor.drain(hostile.id)
    paused = floor.launches.get(hostile.id)
    with floor.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE launches SET campaign = 'another' WHERE id = {hostile.id}")
    innocent = floor.launch()
    floor.work()

    told = f"{TOO_LARGE}; change templates/hello.mjml, then: regulars resume {hostile.id} --with-current-files"
    assert (paused.state, paused.state_reason) == ("paused", told)
    assert floor.states(hostile.id) == {"skipped": 1, "pending": 29}
    assert floor.launches.tally(hostile.id).reasons == {f"skipped: cannot be composed: {TOO_LARGE}": 1}
    assert floor.launches.get(innocent.id).state == "finished"
    assert floor.states(innocent.id) == {"accepted": 30}


# Before a launch

@pytest.fixture
def regulars(tmp_path):
    regulars = Regulars(workspace_in(tmp_path))
    add_people(regulars, 3)
    return regulars


def test_a_template_that_never_ends_is_told_by_check_plan_and_preview(regulars):
    regulars.rewrite("templates/hello.mjml", "{{ customer.greeting }}", OWN_BOMBS["loops"][0])
    checked = regulars("check", code=1)

    assert f"error[C151]: the mail of a sample customer cannot be composed: {TOO_SLOW}" in checked.out
    assert TOO_SLOW in regulars("plan", "hello", code=1).err + regulars("plan", "hello", code=1).out
    shown = regulars("preview", "hello", "--customer", "many0@posta.example", code=3)
    assert f"hello cannot be composed: {TOO_SLOW}" in shown.err
    assert "change templates/hello.mjml" in shown.err


def test_a_bomb_that_looks_small_is_refused_by_plan_and_test_mail(regulars):
    regulars.rewrite("templates/hello.mjml", "{{ customer.greeting }}", OWN_BOMBS["doubled text"][0])
    planned = regulars("plan", "hello", code=4)

    assert f"the launch would pause at its first mail: {TOO_LARGE}" in planned.err
    assert TOO_LARGE in regulars("launch", "hello", "--test-to", "me@shop.example", code=3).err
    assert regulars.outbox == []


def test_mjml_nested_ever_so_deep_is_a_finding_and_not_the_end_of_the_process(regulars):
    deep = "<mj-wrapper>" * 20_000 + "</mj-wrapper>" * 20_000
    regulars.rewrite("templates/hello.mjml", "<mj-section>", f"{deep}<mj-section>")

    assert "error[C120]: elements are nested 100 deep" in regulars("check", code=1).out


def test_a_turn_that_breaks_off_leaves_the_composer_to_the_next(floor, monkeypatch):
    """The broken turn is remembered with its traceback, as a worker does, and holds nothing that others need."""
    add_customers(floor.database, 30)
    launch = floor.launch()
    broken = floor.office()
    monkeypatch.setattr("regulars.operations.drain._leaving", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError) as kept:
        floor.drain(launch.id, broken)
    monkeypatch.undo()
    floor.drain(launch.id)

    assert kept.traceback
    assert floor.states(launch.id) == {"accepted": 30}
