"""the schema of the first release"""

import sqlalchemy as sa
from alembic import op

from regulars.adapters.database.types import BigKey, Document, UtcTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("launch_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("phase", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("smtp_code", sa.SmallInteger(), nullable=True),
        sa.Column("enhanced_code", sa.String(length=16), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    op.create_index("ix_attempts_launch_id_number", "attempts", ["launch_id", "number"], unique=False)
    op.create_table(
        "bundles",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("git_commit", sa.String(length=64), nullable=True),
        sa.Column("git_author", sa.Text(), nullable=True),
        sa.Column("git_dirty", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_bundles")),
    )
    op.create_table(
        "contents",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_contents")),
    )
    op.create_table(
        "customers",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("email_key", sa.Text(), nullable=True),
        sa.Column("email_domain", sa.Text(), nullable=True),
        sa.Column("email_valid", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=True),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("locale_folded", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("country_folded", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("city_folded", sa.Text(), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("birth_month_day", sa.SmallInteger(), nullable=True),
        sa.Column("attributes", Document, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("attributes_folded", Document, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("erased_at", UtcTime(), nullable=True),
        sa.Column("marketing", sa.String(length=16), nullable=True),
        sa.Column("marketing_at", UtcTime(), nullable=True),
        sa.Column("tracking", sa.String(length=16), nullable=True),
        sa.Column("orders_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("orders_spent", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("orders_first_at", UtcTime(), nullable=True),
        sa.Column("orders_last_at", UtcTime(), nullable=True),
        sa.Column("referred_by", sa.BigInteger(), nullable=True),
        sa.Column("has_referred", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("engagement", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("email_key", name=op.f("uq_customers_email_key")),
    )
    op.create_index("ix_customers_address_hash", "customers", ["address_hash"], unique=False)
    op.create_index("ix_customers_engagement", "customers", ["engagement"], unique=False)
    op.create_index("ix_customers_orders_count", "customers", ["orders_count"], unique=False)
    op.create_index("ix_customers_orders_last_at", "customers", ["orders_last_at"], unique=False)
    op.create_index("ix_customers_orders_spent", "customers", ["orders_spent"], unique=False)
    op.create_table(
        "events",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("launch_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("verdict", sa.String(length=8), nullable=True),
        sa.Column("hit_id", sa.BigInteger(), nullable=True),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("data", Document, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("source", "source_id", name=op.f("uq_events_source_source_id")),
    )
    op.create_index("ix_events_customer_id_at", "events", ["customer_id", "at"], unique=False)
    op.create_index("ix_events_kind_at", "events", ["kind", "at"], unique=False)
    op.create_index("ix_events_launch_id_kind", "events", ["launch_id", "kind"], unique=False)
    op.create_table(
        "hits",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("launch_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("link", sa.SmallInteger(), nullable=True),
        sa.Column("code", sa.String(length=16), nullable=True),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("network", sa.Text(), nullable=True),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("reasons", Document, nullable=False),
        sa.Column("rules_version", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hits")),
    )
    op.create_index("ix_hits_at", "hits", ["at"], unique=False)
    op.create_index(
        "ix_hits_code",
        "hits",
        ["code"],
        unique=False,
        postgresql_where=sa.text("code IS NOT NULL"),
        sqlite_where=sa.text("code IS NOT NULL"),
    )
    op.create_index("ix_hits_launch_id_number", "hits", ["launch_id", "number"], unique=False)
    op.create_table(
        "installation",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_installation")),
    )
    op.create_table(
        "messages",
        sa.Column("launch_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=32), server_default=sa.text("'send'"), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("occurrence", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_domain", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("fence", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", UtcTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("composed_at", UtcTime(), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=True),
        sa.Column("handoff_at", UtcTime(), nullable=True),
        sa.Column("accepted_at", UtcTime(), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("dup_possible", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("smtp_code", sa.SmallInteger(), nullable=True),
        sa.Column("enhanced_code", sa.String(length=16), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("evidence", sa.String(length=16), nullable=True),
        sa.Column("opened_at", UtcTime(), nullable=True),
        sa.Column("clicked_at", UtcTime(), nullable=True),
        sa.Column("unsubscribed_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("launch_id", "number", name=op.f("pk_messages")),
        sa.UniqueConstraint(
            "launch_id",
            "step",
            "customer_id",
            "occurrence",
            name=op.f("uq_messages_launch_id_step_customer_id_occurrence"),
        ),
    )
    op.create_index("ix_messages_customer_id", "messages", ["customer_id", "accepted_at"], unique=False)
    op.create_index(
        "ix_messages_due",
        "messages",
        ["launch_id", "next_attempt_at", "number"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
        sqlite_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_messages_leases",
        "messages",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("state IN ('claimed', 'handoff')"),
        sqlite_where=sa.text("state IN ('claimed', 'handoff')"),
    )
    op.create_index("ix_messages_state", "messages", ["launch_id", "state"], unique=False)
    op.create_table(
        "order_lines",
        sa.Column("order_key", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("ordered_at", UtcTime(), nullable=False),
        sa.Column("is_refund", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("counts_from", UtcTime(), nullable=True),
        sa.Column("counts_until", UtcTime(), nullable=True),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("sku_folded", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("product_folded", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("category_folded", sa.Text(), nullable=True),
        sa.Column("coupon_folded", sa.Text(), nullable=True),
        sa.Column("channel_folded", sa.Text(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("unit_cost", sa.BigInteger(), nullable=True),
        sa.Column("discount", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("amount_compared", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("order_key", "position", name=op.f("pk_order_lines")),
    )
    op.create_index(
        "ix_order_lines_category_folded_ordered_at",
        "order_lines",
        ["category_folded", "ordered_at"],
        unique=False,
    )
    op.create_index(
        "ix_order_lines_customer_id_ordered_at", "order_lines", ["customer_id", "ordered_at"], unique=False
    )
    op.create_index("ix_order_lines_ordered_at", "order_lines", ["ordered_at"], unique=False)
    op.create_index(
        "ix_order_lines_sku_folded_ordered_at", "order_lines", ["sku_folded", "ordered_at"], unique=False
    )
    op.create_table(
        "orders",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("ordered_at", UtcTime(), nullable=False),
        sa.Column("is_refund", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("counts_from", UtcTime(), nullable=True),
        sa.Column("counts_until", UtcTime(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("paid_at", UtcTime(), nullable=True),
        sa.Column("shipped_at", UtcTime(), nullable=True),
        sa.Column("delivered_at", UtcTime(), nullable=True),
        sa.Column("cancelled_at", UtcTime(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("total_compared", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("discount", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("channel_folded", sa.Text(), nullable=True),
        sa.Column("coupon", sa.Text(), nullable=True),
        sa.Column("coupon_folded", sa.Text(), nullable=True),
        sa.Column("referral_code", sa.Text(), nullable=True),
        sa.Column("served_by", sa.Text(), nullable=True),
        sa.Column("other", Document, nullable=True),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("recorded_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("order_id", name=op.f("uq_orders_order_id")),
    )
    op.create_index("ix_orders_customer_id_ordered_at", "orders", ["customer_id", "ordered_at"], unique=False)
    op.create_index("ix_orders_ordered_at", "orders", ["ordered_at"], unique=False)
    op.create_index(
        "ix_orders_referral_code",
        "orders",
        ["referral_code"],
        unique=False,
        postgresql_where=sa.text("referral_code IS NOT NULL"),
        sqlite_where=sa.text("referral_code IS NOT NULL"),
    )
    op.create_table(
        "products",
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("compare_at", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("stock", sa.Integer(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("category_folded", sa.Text(), nullable=True),
        sa.Column("usual_gap_days", sa.Integer(), nullable=True),
        sa.Column("other", Document, nullable=True),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("sku", name=op.f("pk_products")),
    )
    op.create_table(
        "referral_codes",
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("programme", sa.String(length=32), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_referral_codes")),
        sa.UniqueConstraint("programme", "customer_id", name=op.f("uq_referral_codes_programme_customer_id")),
    )
    op.create_table(
        "referrals",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("programme", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("advocate_id", sa.BigInteger(), nullable=False),
        sa.Column("friend_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("ordered_at", UtcTime(), nullable=False),
        sa.Column("confirmed_at", UtcTime(), nullable=True),
        sa.Column("rewarded_at", UtcTime(), nullable=True),
        sa.Column("reversed_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals")),
        sa.UniqueConstraint("programme", "friend_id", name=op.f("uq_referrals_programme_friend_id")),
    )
    op.create_index("ix_referrals_advocate_id", "referrals", ["advocate_id"], unique=False)
    op.create_table(
        "rfm_cuts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("measure", sa.String(length=16), nullable=False),
        sa.Column("cuts", Document, nullable=False),
        sa.PrimaryKeyConstraint("day", "measure", name=op.f("pk_rfm_cuts")),
    )
    op.create_table(
        "scores",
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("segment", "customer_id", name=op.f("pk_scores")),
    )
    op.create_index("ix_scores_segment_value", "scores", ["segment", "value"], unique=False)
    op.create_table(
        "suppressions",
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("masked", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("added_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "address_hash", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "bundle_files",
        sa.Column("bundle", sa.String(length=64), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["bundle"], ["bundles.hash"], name=op.f("fk_bundle_files_bundle")),
        sa.PrimaryKeyConstraint("bundle", "path", name=op.f("pk_bundle_files")),
    )
    op.create_table(
        "consents",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("customer_id", BigKey, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("recorded_at", UtcTime(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=True),
        sa.Column("wording_version", sa.Text(), nullable=True),
        sa.Column("proof", Document, nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_consents_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index("ix_consents_customer_id_at", "consents", ["customer_id", "at"], unique=False)
    op.create_table(
        "customer_tags",
        sa.Column("customer_id", BigKey, nullable=False),
        sa.Column("tag_folded", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("added_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_tags_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer_id", "tag_folded", name=op.f("pk_customer_tags")),
    )
    op.create_index("ix_customer_tags_tag_folded", "customer_tags", ["tag_folded"], unique=False)
    op.create_table(
        "identities",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("customer_id", BigKey, nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_identities_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("kind", "value", name=op.f("pk_identities")),
    )
    op.create_index(op.f("ix_identities_customer_id"), "identities", ["customer_id"], unique=False)
    op.create_table(
        "launches",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("bundle", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("segments", Document, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=True),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("on_uncertain", sa.String(length=8), nullable=False),
        sa.Column("options", Document, nullable=False),
        sa.Column("plan", Document, nullable=True),
        sa.Column("recipients", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["bundle"], ["bundles.hash"], name=op.f("fk_launches_bundle")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_launches")),
        sa.UniqueConstraint("key", name=op.f("uq_launches_key")),
    )
    op.create_index("ix_launches_campaign", "launches", ["campaign", "created_at"], unique=False)
    op.create_index("ix_launches_state", "launches", ["state"], unique=False)
    op.create_index(
        "uq_launches_live",
        "launches",
        ["campaign"],
        unique=True,
        postgresql_where=sa.text("state IN ('preparing', 'sending', 'paused')"),
        sqlite_where=sa.text("state IN ('preparing', 'sending', 'paused')"),
    )
    op.create_table(
        "link_targets",
        sa.Column("bundle", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["bundle"], ["bundles.hash"], name=op.f("fk_link_targets_bundle")),
        sa.PrimaryKeyConstraint("bundle", "language", "number", name=op.f("pk_link_targets")),
    )
    op.create_table(
        "audience",
        sa.Column("launch_id", BigKey, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["launch_id"], ["launches.id"], name=op.f("fk_audience_launch_id")),
        sa.PrimaryKeyConstraint("launch_id", "customer_id", name=op.f("pk_audience")),
    )


def downgrade() -> None:
    op.drop_table("audience")
    op.drop_table("link_targets")

    op.drop_table("launches")

    op.drop_table("identities")

    op.drop_table("customer_tags")

    op.drop_table("consents")
    op.drop_table("bundle_files")
    op.drop_table("suppressions")

    op.drop_table("scores")
    op.drop_table("rfm_cuts")

    op.drop_table("referrals")
    op.drop_table("referral_codes")
    op.drop_table("products")

    op.drop_table("orders")

    op.drop_table("order_lines")

    op.drop_table("messages")
    op.drop_table("installation")

    op.drop_table("hits")

    op.drop_table("events")

    op.drop_table("customers")
    op.drop_table("contents")
    op.drop_table("bundles")

    op.drop_table("attempts")
