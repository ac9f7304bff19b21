"""A launch whose files changed in the middle: every door knows which mail was made of which, on both databases."""

import pytest

from regulars.adapters.database.front_desk import FrontDesk
from regulars.adapters.database.hits import HitBook
from regulars.adapters.database.sent_mails import SentMailsInDatabase
from regulars.content.tokens import MessageRef
from regulars.definition.workspace import Scoring
from regulars.delivery.outcomes import Outcome
from regulars.errors import Refused, WorkspaceBroken
from regulars.operations.preview import preview_sent
from regulars.operations.revise import revision, take
from regulars.operations.view_message import view_message
from tests.integration.invariants import assert_promises_kept
from tests.integration.launching import FILES, NOW, ShopFloor, add_customers, workspace
from tests.integration.test_show_message import add_known


@pytest.fixture
def floor(database):
    floor = ShopFloor(database)
    yield floor
    assert_promises_kept(database)


def renewed(template: str = FILES["templates/hello.mjml"].replace("Beans", "Fresh beans"), **more):
    return workspace(template=template, **more)


def revised(floor, launch, files):
    return revision(floor.launches.get(launch.id), files, floor.bundles, floor.desk, NOW)


def test_each_mail_is_shown_counted_and_compared_by_the_files_it_was_made_of(floor):
    [known, other] = add_known(floor.database, 2)
    floor.transport.says = {2: Outcome.LOST_BEFORE_DOT}
    launch = floor.launch()
    floor.drain(launch.id)
    floor.transport.says = {}
    change = revised(floor, launch, renewed())
    edition = take(change, floor.launches, floor.bundles, by="ada", origin=None, now=NOW)
    floor.wait(hours=1)
    floor.work()
    refs = [MessageRef(launch.id, 1), MessageRef(launch.id, 2)]
    desk, now = FrontDesk(floor.database), floor.launches.get(launch.id)
    pages = [view_message(ref, desk, floor.bundles, floor.desk.recipients, floor.keys, floor.desk.base_url).html for ref in refs]
    with HitBook(floor.database, Scoring()).writing() as page:
        counted = page.messages(refs)
    previews = [
        preview_sent(now, f"c{n}@example.com", SentMailsInDatabase(floor.database), floor.bundles, floor.desk.recipients,
                     keys=floor.keys, base_url=floor.desk.base_url)
        for n in (known, other)
    ]

    assert (edition, now.bundle) == (2, change.bundle.hash)
    assert ["Fresh beans" in page for page in pages] == [False, True]
    assert [counted[ref].bundle for ref in refs] == [launch.bundle, change.bundle.hash]
    assert [preview.matches for preview in previews] == [True, True]


def test_files_with_errors_are_not_taken(floor):
    add_customers(floor.database, 1)
    launch = floor.launch()
    with pytest.raises(WorkspaceBroken):
        revised(floor, launch, renewed(FILES["templates/hello.mjml"].replace("customer.greeting", "customer.greting")))

    assert dict(floor.launches.editions(launch.id)) == {1: launch.bundle}
    floor.work()


def test_files_that_fit_none_of_the_unsent_say_so_before_they_are_taken(floor):
    [known] = add_customers(floor.database, 1, city=None)
    launch = floor.launch()
    needy = renewed(FILES["templates/hello.mjml"].replace("{{ customer.greeting }}", "{{ customer.city or '' }}{{ 1 / 0 }}"))
    change = revised(floor, launch, needy)

    assert [trouble.partition(":")[0] for trouble in change.troubles] == [f"c{known}@example.com"]
    floor.work()


def test_of_two_who_change_the_files_at_once_the_second_is_told(floor):
    add_customers(floor.database, 1)
    launch = floor.launch()
    one, other = revised(floor, launch, renewed()), revised(floor, launch, renewed(FILES["templates/hello.mjml"].replace("Beans", "Tea")))
    take(one, floor.launches, floor.bundles, by="ada", origin=None, now=NOW)
    with pytest.raises(Refused, match="has changed meanwhile"):
        take(other, floor.launches, floor.bundles, by="leyla", origin=None, now=NOW)
    floor.work()

    assert floor.launches.get(launch.id).bundle == one.bundle.hash


def test_an_audience_that_would_be_another_is_named_and_stays(floor):
    add_customers(floor.database, 3)
    launch = floor.launch()
    change = revised(floor, launch, workspace(hello="except: [izmir]\nsend_at: 2026-12-01 09:00"))
    take(change, floor.launches, floor.bundles, by="ada", origin=None, now=NOW)
    floor.work()

    assert [notice.partition(" is")[0] for notice in change.notices] == ["`except`", "`send_at`"]
    assert floor.states(launch.id) == {"accepted": 3}
