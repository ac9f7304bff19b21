"""what purchases drive: automations and their journeys, offers and rewards, what the shop tells, contact limits"""

import sqlalchemy as sa
from alembic import op

from regulars.adapters.database.types import BigKey, Document, UtcTime

revision = "0003"
down_revision = "0002"

LIVE = "state IN ('preparing', 'sending', 'paused')"


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", Document, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("revoked_at", UtcTime(), nullable=True),
        sa.Column("used_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_table(
        "automations",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("applied_at", UtcTime(), nullable=False),
        sa.Column("live_since", UtcTime(), nullable=True),
        sa.Column("watched_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("campaign", name=op.f("pk_automations")),
    )
    op.create_table(
        "coupon_entries",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("code_folded", sa.Text(), nullable=False),
        sa.Column("entry", sa.String(length=16), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("launch_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_entries")),
    )
    op.create_index("ix_coupon_entries_code_folded", "coupon_entries", ["code_folded"], unique=False)
    op.create_index(
        "ix_coupon_entries_order_id",
        "coupon_entries",
        ["order_id"],
        unique=False,
        postgresql_where=sa.text("order_id IS NOT NULL"),
        sqlite_where=sa.text("order_id IS NOT NULL"),
    )
    op.create_table(
        "coupon_reservations",
        sa.Column("launch_id", sa.BigInteger(), nullable=False),
        sa.Column("offer", sa.String(length=64), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("launch_id", "offer", name=op.f("pk_coupon_reservations")),
    )
    op.create_table(
        "coupons",
        sa.Column("code_folded", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("offer", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("launch_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("bound_at", UtcTime(), nullable=True),
        sa.Column("valid_until", UtcTime(), nullable=True),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("synced_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("code_folded", name=op.f("pk_coupons")),
    )
    op.create_index("ix_coupons_customer_id", "coupons", ["customer_id"], unique=False)
    op.create_index(
        "ix_coupons_free",
        "coupons",
        ["offer", "code_folded"],
        unique=False,
        postgresql_where=sa.text("state = 'free'"),
        sqlite_where=sa.text("state = 'free'"),
    )
    op.create_index("ix_coupons_offer_state", "coupons", ["offer", "state"], unique=False)
    op.create_index(
        "uq_coupons_message",
        "coupons",
        ["launch_id", "number"],
        unique=True,
        postgresql_where=sa.text("launch_id IS NOT NULL"),
        sqlite_where=sa.text("launch_id IS NOT NULL"),
    )
    op.create_table(
        "errands",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("journey_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("payload", Document, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", UtcTime(), nullable=False),
        sa.Column("fence", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease_until", UtcTime(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_errands")),
        sa.UniqueConstraint("journey_id", "step", name=op.f("uq_errands_journey_id_step")),
    )
    op.create_index(
        "ix_errands_due",
        "errands",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
        sqlite_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "feeds",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("next_at", UtcTime(), nullable=False),
        sa.Column("pulled_at", UtcTime(), nullable=True),
        sa.Column("changed_at", UtcTime(), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("failing_since", UtcTime(), nullable=True),
        sa.Column("fence", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease_until", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_feeds")),
    )
    op.create_table(
        "intakes",
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("source", "event_id", name=op.f("pk_intakes")),
    )
    op.create_index("ix_intakes_at", "intakes", ["at"], unique=False)
    op.create_table(
        "journey_steps",
        sa.Column("journey_id", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("launch_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("journey_id", "fence", "place", name=op.f("pk_journey_steps")),
    )
    op.create_table(
        "journeys",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("step", sa.String(length=32), nullable=True),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("waits_for", sa.Text(), nullable=True),
        sa.Column("entered_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("fence", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("trigger", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journeys")),
        sa.UniqueConstraint("campaign", "customer_id", "entry", name=op.f("uq_journeys_campaign_customer_id_entry")),
        sa.UniqueConstraint("campaign", "customer_id", "occurrence", name=op.f("uq_journeys_campaign_customer_id_occurrence")),
    )
    op.create_index("ix_journeys_campaign", "journeys", ["campaign", "state", "edition"], unique=False)
    op.create_index("ix_journeys_customer_id", "journeys", ["customer_id", "state"], unique=False)
    op.create_index(
        "ix_journeys_due",
        "journeys",
        ["due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
        sqlite_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "memberships",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "customer_id", name=op.f("pk_memberships")),
    )
    op.create_table(
        "passed_over",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("noted_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "day", name=op.f("pk_passed_over")),
    )
    op.create_table(
        "privacy_requests",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("done_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_requests")),
    )
    op.create_table(
        "product_changes",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("data", Document, nullable=False),
        sa.Column("gathering", sa.BigInteger(), nullable=True),
        sa.Column("spread_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_changes")),
    )
    op.create_index(
        "ix_product_changes_open",
        "product_changes",
        ["at"],
        unique=False,
        postgresql_where=sa.text("spread_at IS NULL"),
        sqlite_where=sa.text("spread_at IS NULL"),
    )
    op.create_table(
        "rewards",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("referral_id", sa.BigInteger(), nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rewards")),
        sa.UniqueConstraint("source", "source_id", name=op.f("uq_rewards_source_source_id")),
    )
    op.create_index("ix_rewards_customer_id", "rewards", ["customer_id", "at"], unique=False)
    for column in ("referral_id", "expires_at"):
        told = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_rewards_{column}", "rewards", [column], unique=False, postgresql_where=told, sqlite_where=told)
    op.create_table(
        "automation_editions",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("mails", Document, nullable=False),
        sa.Column("applied_at", UtcTime(), nullable=False),
        sa.Column("applied_by", sa.Text(), nullable=False),
        sa.Column("git_commit", sa.String(length=64), nullable=True),
        sa.Column("git_author", sa.Text(), nullable=True),
        sa.Column("git_dirty", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["campaign"], ["automations.campaign"], name=op.f("fk_automation_editions_campaign")),
        sa.PrimaryKeyConstraint("campaign", "edition", name=op.f("pk_automation_editions")),
    )
    op.create_table(
        "wishes",
        sa.Column("customer_id", BigKey, nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_wishes_customer_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("customer_id", "sku", name=op.f("pk_wishes")),
    )
    op.create_index("ix_wishes_sku", "wishes", ["sku"], unique=False)
    op.create_table(
        "order_tellings",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("told", Document, nullable=False),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_tellings")),
    )
    op.create_index("ix_order_tellings_customer_id", "order_tellings", ["customer_id"], unique=False)
    op.add_column("customers", sa.Column("told_at", UtcTime(), nullable=True))
    op.add_column("products", sa.Column("told_at", UtcTime(), nullable=True))
    op.add_column("products", sa.Column("product_id", sa.Text(), nullable=True))
    op.add_column("products", sa.Column("stock_id", sa.Text(), nullable=True))
    op.add_column("products", sa.Column("stock_in", Document, nullable=True))
    op.create_index("ix_products_product_id", "products", ["product_id"], unique=False)
    op.create_index("ix_products_stock_id", "products", ["stock_id"], unique=False)
    op.create_index("ix_customers_birth_month_day", "customers", ["birth_month_day"], unique=False)
    op.add_column("launches", sa.Column("step", sa.String(length=32), server_default=sa.text("''"), nullable=False))
    op.add_column("launches", sa.Column("kind", sa.String(length=16), server_default=sa.text("'marketing'"), nullable=False))
    op.add_column("launches", sa.Column("class", sa.String(length=64), nullable=True))
    op.add_column("launches", sa.Column("topic", sa.String(length=64), nullable=True))
    op.create_index(
        "uq_launches_step",
        "launches",
        ["campaign", "step", "bundle"],
        unique=True,
        postgresql_where=sa.text("step <> ''"),
        sqlite_where=sa.text("step <> ''"),
    )
    op.add_column("messages", sa.Column("journey_id", sa.BigInteger(), nullable=True))
    op.add_column("messages", sa.Column("contact_at", UtcTime(), nullable=True))
    op.add_column("messages", sa.Column("first_due_at", UtcTime(), nullable=True))
    op.add_column("customers", sa.Column("merged_into", sa.BigInteger(), nullable=True))
    op.add_column("orders", sa.Column("told_at", UtcTime(), nullable=True))
    op.add_column("orders", sa.Column("postal_hash", sa.String(length=64), nullable=True))
    op.add_column("orders", sa.Column("network_hash", sa.String(length=64), nullable=True))
    op.add_column("orders", sa.Column("device_hash", sa.String(length=64), nullable=True))
    coded = sa.text("referral_code IS NOT NULL")
    for name in ("postal", "network", "device"):
        op.create_index(f"ix_orders_coded_{name}", "orders", [f"{name}_hash", "ordered_at"], postgresql_where=coded, sqlite_where=coded)
    op.add_column("referrals", sa.Column("decided_by", sa.Text(), nullable=True))
    op.add_column("referrals", sa.Column("decided_at", UtcTime(), nullable=True))
    op.drop_index("ix_referrals_advocate_id", "referrals")
    op.create_index("ix_referrals_advocate_id_ordered_at", "referrals", ["advocate_id", "ordered_at"], unique=False)
    op.create_index(
        "ix_referrals_open",
        "referrals",
        ["state", "ordered_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('ordered', 'held')"),
        sqlite_where=sa.text("state IN ('ordered', 'held')"),
    )
    # A campaign has one live launch; the launches of an automation's steps are live as long as the automation is.
    op.drop_index("uq_launches_live", "launches")
    one = sa.text(f"step = '' AND {LIVE}")
    op.create_index("uq_launches_live", "launches", ["campaign"], unique=True, sqlite_where=one, postgresql_where=one)
