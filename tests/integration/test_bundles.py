"""Frozen campaigns come out as they went in, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import func, select

from regulars.adapters.database.bundles import BundlesInDatabase
from regulars.adapters.database.schema import bundle_files, bundles, contents, link_targets
from regulars.adapters.mjml import MjmlCompiler
from regulars.adapters.workspace import read_files
from regulars.content.bundle import freeze
from regulars.definition.reading import workspace_of
from regulars.delivery.launches import Origin
from regulars.errors import UsageError

ORIGIN = Origin("4f1e" * 10, "Elif", dirty=True)


@pytest.fixture(scope="module")
def workspace():
    return workspace_of(read_files("."))


@pytest.fixture(scope="module")
def frozen(workspace):
    return freeze(workspace, workspace.campaigns["win-back"], MjmlCompiler())


def count(database, table):
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def test_a_bundle_is_what_was_frozen(database, frozen, now):
    store = BundlesInDatabase(database)

    store.keep(frozen, "win-back", ORIGIN, now)

    assert store.files(frozen.hash) == frozen.files
    assert store.open(frozen.hash).campaign.name == "win-back"
    assert store.open(frozen.hash) is store.open(frozen.hash)


def test_it_knows_where_its_files_came_from(database, frozen, now):
    BundlesInDatabase(database).keep(frozen, "win-back", ORIGIN, now)

    with database.read() as connection:
        row = connection.execute(select(bundles)).one()
    assert (row.campaign, row.created_at, row.git_commit, row.git_author, row.git_dirty) == (
        "win-back", now, ORIGIN.commit, "Elif", True)


def test_links_can_be_told_apart_by_number(database, frozen, now):
    store = BundlesInDatabase(database)
    store.keep(frozen, "win-back", None, now)

    with database.read() as connection:
        rows = connection.execute(select(link_targets).order_by(link_targets.c.number)).all()
    assert [(row.number, row.name, row.target, row.language) for row in rows] == [
        (link.number, link.name, link.target, link.language) for link in store.open(frozen.hash).links]
    assert rows


def test_keeping_it_again_changes_nothing(database, frozen, now):
    store = BundlesInDatabase(database)
    store.keep(frozen, "win-back", ORIGIN, now)
    before = [count(database, table) for table in (bundles, bundle_files, contents, link_targets)]

    store.keep(frozen, "win-back", None, now + timedelta(days=1))

    assert [count(database, table) for table in (bundles, bundle_files, contents, link_targets)] == before
    with database.read() as connection:
        assert connection.execute(select(bundles.c.git_commit, bundles.c.created_at)).one() == (ORIGIN.commit, now)


def test_what_two_bundles_share_is_kept_once(database, workspace, frozen, now):
    store = BundlesInDatabase(database)
    store.keep(frozen, "win-back", None, now)
    other = freeze(workspace, replace(workspace.campaigns["win-back"], with_={"coupon": "OTHER", "discount": 20, "until": "soon"}), MjmlCompiler())

    store.keep(other, "win-back", None, now)

    different = {sha256(content).digest() for bundle in (frozen, other) for content in bundle.files.values()}
    assert other.hash != frozen.hash
    assert count(database, contents) == len(different) < len(frozen.files) + len(other.files)
    assert store.files(frozen.hash) == frozen.files


def test_pictures_are_pictures_and_nothing_else_is(database, frozen, now):
    BundlesInDatabase(database).keep(frozen, "win-back", None, now)

    with database.read() as connection:
        kinds = dict(connection.execute(select(bundle_files.c.path, contents.c.media_type).join_from(
            bundle_files, contents, contents.c.hash == bundle_files.c.content_hash)).all())
    assert {path for path, kind in kinds.items() if kind.startswith("image/")} == {
        path for path in frozen.files if path.startswith("images/")}


def test_an_unknown_bundle_is_named(database):
    with pytest.raises(UsageError, match="no bundle abcdef012345"):
        BundlesInDatabase(database).open("abcdef0123456789" * 4)
