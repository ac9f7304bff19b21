"""Frozen campaigns: each content stored once by its hash, so a hundred launches of one template cost one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, select

from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import bundle_files, bundles, contents, link_targets
from regulars.adapters.database.upsert import upsert
from regulars.content.bundle import Bundle
from regulars.content.mailroom import MailRoom, open_bundle
from regulars.delivery.launches import Origin
from regulars.errors import UsageError

MOST_OPEN = 96  # mails that one process sends at the same time, those of automations among them, with room to spare
MEDIA_TYPES = {
    "html": "text/html", "txt": "text/plain", "subject": "text/plain", "preheader": "text/plain", "json": "application/json",
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
}


class BundlesInDatabase:
    """The bundles of this database; those that were opened last stay open."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open: dict[str, MailRoom] = {}

    def keep(self, bundle: Bundle, campaign: str, origin: Origin | None, now: datetime) -> None:
        """Stores the bundle with its link targets; the same hash again changes nothing, also its first date and commit."""
        with self._database.write() as connection:
            if _is_kept(connection, bundle.hash):
                return
            _keep_head(connection, bundle, campaign, origin, now)
            _keep_files(connection, bundle)
            _keep_links(connection, bundle)

    def open(self, bundle_hash: str) -> MailRoom:
        """Ready to compose; a process keeps the ones it opened. Raises UsageError for a hash that was never kept."""
        room = self._open.get(bundle_hash)
        if room is None:
            room = open_bundle(self.files(bundle_hash))
            while len(self._open) >= MOST_OPEN:
                self._open.pop(next(iter(self._open)), None)
            self._open[bundle_hash] = room
        return room

    def files(self, bundle_hash: str) -> Mapping[str, bytes]:
        query = (
            select(bundle_files.c.path, contents.c.content)
            .join(contents, contents.c.hash == bundle_files.c.content_hash)
            .where(bundle_files.c.bundle == bundle_hash).order_by(bundle_files.c.path)
        )
        with self._database.read() as connection:
            files = {row.path: bytes(row.content) for row in connection.execute(query)}
        if not files:
            raise UsageError(f"this database has no bundle {bundle_hash[:12]}", hint="was it launched from another database?")
        return files


def _is_kept(connection: Connection, bundle_hash: str) -> bool:
    return connection.scalar(select(bundles.c.hash).where(bundles.c.hash == bundle_hash)) is not None


def _keep_head(connection: Connection, bundle: Bundle, campaign: str, origin: Origin | None, now: datetime) -> None:
    row = {"hash": bundle.hash, "campaign": campaign, "created_at": now}
    if origin is not None:
        row |= {"git_commit": origin.commit, "git_author": origin.author, "git_dirty": origin.dirty}
    connection.execute(upsert(connection, bundles).on_conflict_do_nothing(), row)


def _keep_files(connection: Connection, bundle: Bundle) -> None:
    hashes = {path: sha256(content).hexdigest() for path, content in bundle.files.items()}
    # In the order of their hashes: two launches that store the same pictures must not wait for each other in a circle.
    rows = {
        hashes[path]: {"hash": hashes[path], "media_type": _media_type(path), "content": content}
        for path, content in bundle.files.items()
    }
    connection.execute(upsert(connection, contents).on_conflict_do_nothing(), [rows[hash_] for hash_ in sorted(rows)])
    connection.execute(
        upsert(connection, bundle_files).on_conflict_do_nothing(),
        [{"bundle": bundle.hash, "path": path, "content_hash": hash_} for path, hash_ in hashes.items()],
    )


def _keep_links(connection: Connection, bundle: Bundle) -> None:
    rows = [
        {"bundle": bundle.hash, "language": link.language, "number": link.number, "name": link.name, "target": link.target}
        for link in open_bundle(bundle.files).links
    ]
    if rows:
        connection.execute(upsert(connection, link_targets).on_conflict_do_nothing(), rows)


def _media_type(path: str) -> str:
    return MEDIA_TYPES.get(path.rpartition(".")[2].lower(), "application/octet-stream")
