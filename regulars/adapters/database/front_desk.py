"""What the web door looks up: who a link belongs to, pictures, referral codes, and whether anybody is home."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, text

from regulars.adapters.database.coupon_of_message import CODE, code_in, coupon_of_message
from regulars.adapters.database.editions import BUNDLE, edition_of_message
from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import (
    bundle_files,
    bundles,
    contents,
    coupons,
    customers,
    editions,
    launches,
    messages,
    referral_codes,
)
from regulars.content import canonical
from regulars.content.tokens import MessageRef
from regulars.definition.workspace import Shop
from regulars.tracking.hits import Letter


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a message went to. `language` of the mail, once it is composed; `has_left`: wants no mail any more."""

    email: str
    language: str | None
    locale: str | None
    has_left: bool


@dataclass(frozen=True, slots=True)
class Picture:
    media_type: str
    content: bytes


class FrontDesk:
    """Reads only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def addressee(self, ref: MessageRef) -> Addressee | None:
        query = (
            select(messages.c.email, messages.c.language, customers.c.locale, customers.c.marketing)
            .outerjoin(customers, customers.c.id == messages.c.customer_id)
            .where(messages.c.launch_id == ref.launch, messages.c.number == ref.number)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return Addressee(row.email, row.language, row.locale, row.marketing == "withdrawn") if row else None

    def letter(self, ref: MessageRef) -> Letter | None:
        """operations.ports.Correspondence"""
        query = (
            select(
                BUNDLE.label("bundle"), launches.c.key.label("launch_key"), messages.c.customer_id, messages.c.email, messages.c.composed_at,
                *CODE,
            )
            .join(launches, launches.c.id == messages.c.launch_id)
            .outerjoin(editions, edition_of_message())
            .outerjoin(coupons, coupon_of_message())
            .where(messages.c.launch_id == ref.launch, messages.c.number == ref.number, messages.c.composed_at.is_not(None))
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return Letter(row.bundle, row.launch_key, row.customer_id, row.email, row.composed_at, code_in(row)) if row else None

    def picture(self, beginning: str) -> Picture | None:
        """The picture whose SHA-256, in hex, begins so; nothing but pictures is ever handed out."""
        query = select(contents.c.media_type, contents.c.content).where(
            contents.c.hash.between(beginning, beginning + "g"), contents.c.media_type.startswith("image/")
        )
        with self._database.read() as connection:
            row = connection.execute(query.limit(1)).first()
        return Picture(row.media_type, row.content) if row else None

    def knows_code(self, code: str) -> bool:
        with self._database.read() as connection:
            return connection.scalar(select(referral_codes.c.code).where(referral_codes.c.code == code)) is not None

    def newest_shop(self) -> Shop | None:
        """The shop as the bundle that was frozen last describes it; None before the first launch."""
        query = (
            select(contents.c.content)
            .join(bundle_files, bundle_files.c.content_hash == contents.c.hash)
            .join(bundles, bundles.c.hash == bundle_files.c.bundle)
            .where(bundle_files.c.path == "shop.json").order_by(bundles.c.created_at.desc()).limit(1)
        )
        with self._database.read() as connection:
            content = connection.scalar(query)
        return None if content is None else canonical.loaded(content)

    def answers(self) -> bool:
        with self._database.read() as connection:
            return bool(connection.scalar(text("SELECT 1")) == 1)
