"""what exact delivery remembers: editions, lanes, relays, workers, pace"""

import sqlalchemy as sa
from alembic import op

from regulars.adapters.database.types import BigKey, UtcTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("launches", sa.Column("edition", sa.SmallInteger(), server_default=sa.text("1"), nullable=False))
    op.add_column("launches", sa.Column("sending_since", UtcTime(), nullable=True))
    op.add_column("launches", sa.Column("first_part", sa.Integer(), nullable=True))
    op.add_column("launches", sa.Column("goes_on_at", UtcTime(), nullable=True))
    op.add_column("launches", sa.Column("rest_since", UtcTime(), nullable=True))
    op.add_column("messages", sa.Column("lane", sa.String(length=32), server_default=sa.text("''"), nullable=False))
    op.add_column("messages", sa.Column("edition", sa.SmallInteger(), server_default=sa.text("1"), nullable=False))
    op.add_column("messages", sa.Column("handed_to", sa.Text(), nullable=True))
    op.add_column("attempts", sa.Column("relay", sa.String(length=32), nullable=True))
    op.create_index(
        "ix_messages_lane", "messages", ["launch_id", "lane", "next_attempt_at", "number"], unique=False,
        sqlite_where=sa.text("state = 'pending'"), postgresql_where=sa.text("state = 'pending'"),
    )
    # An index of all states is written at every step of every message; those that are looked for are few.
    op.drop_index("ix_messages_state", "messages")
    op.create_index(
        "ix_messages_held", "messages", ["launch_id", "number"], unique=False,
        sqlite_where=sa.text("state = 'held'"), postgresql_where=sa.text("state = 'held'"),
    )
    op.drop_index("ix_messages_leases", "messages")
    op.create_index(
        "ix_messages_leases", "messages", ["lease_until"], unique=False,
        sqlite_where=sa.text("state IN ('claimed', 'handoff', 'uncertain')"),
        postgresql_where=sa.text("state IN ('claimed', 'handoff', 'uncertain')"),
    )
    op.execute("UPDATE messages SET lease_until = handoff_at WHERE state = 'uncertain'")
    op.create_table(
        "editions",
        sa.Column("launch_id", BigKey, nullable=False),
        sa.Column("edition", sa.SmallInteger(), nullable=False),
        sa.Column("bundle", sa.String(length=64), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["bundle"], ["bundles.hash"], name=op.f("fk_editions_bundle")),
        sa.ForeignKeyConstraint(["launch_id"], ["launches.id"], name=op.f("fk_editions_launch_id")),
        sa.PrimaryKeyConstraint("launch_id", "edition", name=op.f("pk_editions")),
    )
    op.create_table(
        "workers",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.Column("clock_skew", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_workers")),
    )
    op.create_table(
        "buckets",
        sa.Column("name", sa.String(length=96), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_buckets")),
    )
    op.create_table(
        "slowdowns",
        sa.Column("relay", sa.String(length=32), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("until", UtcTime(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("relay", "domain", name=op.f("pk_slowdowns")),
    )
