"""All tables, as one picture. Money: integers of 1/10,000 unit. Text for comparison stands beside it, `_folded`.

Large tables (messages, attempts, hits, events) carry their launch or time in every row and are referenced by
nobody, so that they can be partitioned. Messages have no foreign key to customers: it costs more than the rows.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from regulars.adapters.database.types import BigKey, Document, UtcTime

metadata = MetaData(naming_convention={
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
})

# One row a fact about this database itself: the suppression key, the environment stamp.
installation = Table(
    "installation", metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

# ---- people -----------------------------------------------------------------------------------------------

customers = Table(
    "customers", metadata,
    Column("id", BigKey, primary_key=True),
    Column("email", Text),                           # as written to; NULL once erased
    Column("email_key", Text, unique=True),          # normalised once: one address, one customer
    Column("email_domain", Text),
    Column("email_valid", Boolean, nullable=False, server_default=text("true")),
    Column("address_hash", String(64)),              # keyed; what suppressions are matched by
    Column("first_name", Text),
    Column("last_name", Text),
    Column("locale", Text), Column("locale_folded", Text),
    Column("timezone", Text),
    Column("country", Text), Column("country_folded", Text),
    Column("city", Text), Column("city_folded", Text),
    Column("birth_date", Date),                      # only when the year is known
    Column("birth_month_day", SmallInteger),         # 517 for 17 May
    Column("attributes", Document, nullable=False, server_default=text("'{}'")),
    Column("attributes_folded", Document, nullable=False, server_default=text("'{}'")),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("told_at", UtcTime),                      # by the shop's clock: what it told earlier does not undo this
    Column("erased_at", UtcTime),
    Column("merged_into", BigInteger),               # they turned out to be that customer, whose their code is now
    # consent as the ledger's last word says
    Column("marketing", String(16)),                 # granted | withdrawn | pending | NULL: never asked
    Column("marketing_at", UtcTime),
    Column("tracking", String(16)),
    # facts, written together with the orders they come from
    Column("orders_count", Integer, nullable=False, server_default=text("0")),
    Column("orders_spent", BigInteger, nullable=False, server_default=text("0")),  # in the compare currency
    Column("orders_first_at", UtcTime),
    Column("orders_last_at", UtcTime),
    Column("referred_by", BigInteger),               # customer id of the advocate
    Column("has_referred", Integer, nullable=False, server_default=text("0")),
    # forward decay at the installation's landmark
    Column("engagement", Float, nullable=False, server_default=text("0")),
    Index("ix_customers_orders_last_at", "orders_last_at"),
    Index("ix_customers_orders_count", "orders_count"),
    Index("ix_customers_orders_spent", "orders_spent"),
    Index("ix_customers_engagement", "engagement"),
    Index("ix_customers_address_hash", "address_hash"),
    Index("ix_customers_birth_month_day", "birth_month_day"),
)

# A shop's own customer id is looked up before the address, so a changed address is the same person.
identities = Table(
    "identities", metadata,
    Column("kind", String(32), primary_key=True),    # shop_id | email
    Column("value", Text, primary_key=True),
    Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("since", UtcTime, nullable=False),
)

customer_tags = Table(
    "customer_tags", metadata,
    Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_folded", Text, primary_key=True),
    Column("tag", Text, nullable=False),
    Column("added_at", UtcTime, nullable=False),
    Index("ix_customer_tags_tag_folded", "tag_folded"),
)

# Append-only: who agreed to what, when, by which words. Tracking consent stands apart by purpose.
consents = Table(
    "consents", metadata,
    Column("id", BigKey, primary_key=True),
    Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), nullable=False),
    Column("channel", String(16), nullable=False),   # email
    Column("purpose", String(16), nullable=False),   # marketing | tracking
    Column("topic", Text),                           # NULL: all topics
    Column("state", String(16), nullable=False),     # granted | withdrawn | pending
    Column("at", UtcTime, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
    Column("source", Text, nullable=False),
    Column("wording", Text),
    Column("wording_version", Text),
    Column("proof", Document),
    Index("ix_consents_customer_id_at", "customer_id", "at"),
)

# Never write to. Keyed hashes, so that the list survives erasure without keeping addresses.
suppressions = Table(
    "suppressions", metadata,
    Column("channel", String(16), primary_key=True),
    Column("address_hash", String(64), primary_key=True),
    Column("reason", String(32), nullable=False),    # manual | bounce | complaint | unsubscribed | imported | sunset
    Column("masked", Text, nullable=False),          # a***@example.com, to recognise one's own entry
    Column("source", Text, nullable=False),
    Column("note", Text),
    Column("added_at", UtcTime, nullable=False),
)

# ---- what they bought -------------------------------------------------------------------------------------

products = Table(
    "products", metadata,
    Column("sku", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("url", Text),
    Column("image_url", Text),
    Column("price", BigInteger), Column("compare_at", BigInteger), Column("currency", String(3)),
    Column("stock", Integer),
    Column("category", Text), Column("category_folded", Text),
    Column("usual_gap_days", Integer),
    Column("other", Document),
    Column("updated_at", UtcTime, nullable=False),
    Column("told_at", UtcTime),                             # by the shop's clock
    Column("product_id", Text), Column("stock_id", Text),   # the shop's own names of the whole product and of its stock
    Column("stock_in", Document),                           # place -> [told at, how many are there]
    Index("ix_products_product_id", "product_id"),
    Index("ix_products_stock_id", "stock_id"),
)

CODED = text("referral_code IS NOT NULL")  # few orders have one

orders = Table(
    "orders", metadata,
    Column("id", BigKey, primary_key=True),
    Column("order_id", Text, nullable=False, unique=True),  # the shop's own
    Column("customer_id", BigInteger, nullable=False),
    Column("ordered_at", UtcTime, nullable=False),
    Column("is_refund", Boolean, nullable=False, server_default=text("false")),
    # The order counts at time t when counts_from <= t < counts_until (NULL: never / for ever).
    Column("counts_from", UtcTime),
    Column("counts_until", UtcTime),
    Column("status", Text),
    Column("paid_at", UtcTime), Column("shipped_at", UtcTime), Column("delivered_at", UtcTime),
    Column("cancelled_at", UtcTime),
    Column("currency", String(3), nullable=False),
    Column("total", BigInteger, nullable=False),            # sum of the lines less discount, in its own currency
    Column("total_compared", BigInteger, nullable=False),   # after refunds, in the shop's compare currency
    Column("refunded", BigInteger, nullable=False, server_default=text("0")),
    Column("discount", BigInteger, nullable=False, server_default=text("0")),
    Column("channel", Text), Column("channel_folded", Text),
    Column("coupon", Text), Column("coupon_folded", Text),
    Column("referral_code", Text),
    Column("served_by", Text),
    Column("other", Document),                              # columns of the file that have no place of their own
    Column("origin", String(16), nullable=False),           # live | imported
    Column("content_hash", String(32), nullable=False),     # equal: the same order again, nothing changes
    Column("recorded_at", UtcTime, nullable=False),
    Column("told_at", UtcTime),                             # by the shop's clock: what it told earlier does not undo this
    Column("postal_hash", String(64)),                      # keyed: the delivery address, the network and the device that ordered
    Column("network_hash", String(64)),
    Column("device_hash", String(64)),
    Index("ix_orders_customer_id_ordered_at", "customer_id", "ordered_at"),
    Index("ix_orders_ordered_at", "ordered_at"),
    Index("ix_orders_referral_code", "referral_code", postgresql_where=CODED, sqlite_where=CODED),
    Index("ix_orders_coded_postal", "postal_hash", "ordered_at", postgresql_where=CODED, sqlite_where=CODED),
    Index("ix_orders_coded_network", "network_hash", "ordered_at", postgresql_where=CODED, sqlite_where=CODED),
    Index("ix_orders_coded_device", "device_hash", "ordered_at", postgresql_where=CODED, sqlite_where=CODED),
)

# Lines repeat what conditions group by, so that a windowed condition is one grouped scan without a join.
order_lines = Table(
    "order_lines", metadata,
    Column("order_key", BigInteger, primary_key=True),      # orders.id
    Column("position", Integer, primary_key=True),
    Column("customer_id", BigInteger, nullable=False),
    Column("ordered_at", UtcTime, nullable=False),
    Column("is_refund", Boolean, nullable=False, server_default=text("false")),
    Column("counts_from", UtcTime),
    Column("counts_until", UtcTime),
    Column("sku", Text), Column("sku_folded", Text),
    Column("product", Text), Column("product_folded", Text),
    Column("category", Text), Column("category_folded", Text),
    Column("coupon_folded", Text), Column("channel_folded", Text), Column("currency", String(3), nullable=False),
    Column("quantity", BigInteger, nullable=False),         # thousandths
    Column("unit_price", BigInteger, nullable=False),
    Column("unit_cost", BigInteger),
    Column("discount", BigInteger, nullable=False, server_default=text("0")),
    Column("amount", BigInteger, nullable=False),           # quantity * unit_price - discount, own currency
    Column("amount_compared", BigInteger, nullable=False),
    Index("ix_order_lines_customer_id_ordered_at", "customer_id", "ordered_at"),
    Index("ix_order_lines_ordered_at", "ordered_at"),
    Index("ix_order_lines_category_folded_ordered_at", "category_folded", "ordered_at"),
    Index("ix_order_lines_sku_folded_ordered_at", "sku_folded", "ordered_at"),
)

# ---- loyalty ----------------------------------------------------------------------------------------------

referral_codes = Table(
    "referral_codes", metadata,
    Column("code", String(16), primary_key=True),
    Column("programme", String(32), nullable=False),
    Column("customer_id", BigInteger, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("programme", "customer_id"),
)

OPEN_REFERRAL = text("state IN ('ordered', 'held')")

referrals = Table(
    "referrals", metadata,
    Column("id", BigKey, primary_key=True),
    Column("programme", String(32), nullable=False),
    Column("code", String(16), nullable=False),
    Column("advocate_id", BigInteger, nullable=False),
    Column("friend_id", BigInteger, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("state", String(16), nullable=False),            # loyalty/referrals.py says what each means; a visit is a hit
    Column("reason", Text),                                 # of held, rejected and reversed
    Column("ordered_at", UtcTime, nullable=False),
    Column("confirmed_at", UtcTime), Column("rewarded_at", UtcTime), Column("reversed_at", UtcTime),
    Column("decided_by", Text), Column("decided_at", UtcTime),  # who approved or rejected a held one
    UniqueConstraint("programme", "friend_id"),
    Index("ix_referrals_advocate_id_ordered_at", "advocate_id", "ordered_at"),
    Index("ix_referrals_open", "state", "ordered_at", postgresql_where=OPEN_REFERRAL, sqlite_where=OPEN_REFERRAL),
)

# Append-only: what was earned, and what took it back; a balance is the sum. Told once by (source, source_id).
rewards = Table(
    "rewards", metadata,
    Column("id", BigKey, primary_key=True),
    Column("customer_id", BigInteger, nullable=False),
    Column("entry", String(16), nullable=False),            # earned | reversed | used | expired
    Column("kind", String(16), nullable=False),             # percent | amount | product | donation
    Column("words", Text, nullable=False),
    Column("value", BigInteger, nullable=False),            # money or pieces, in 1/10,000; negative when it takes away
    Column("currency", String(3)),
    Column("referral_id", BigInteger),
    Column("at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("reason", Text),
    Column("source", String(32), nullable=False), Column("source_id", Text, nullable=False),
    UniqueConstraint("source", "source_id"),
    Index("ix_rewards_customer_id", "customer_id", "at"),
    Index("ix_rewards_referral_id", "referral_id", postgresql_where=text("referral_id IS NOT NULL"), sqlite_where=text("referral_id IS NOT NULL")),
    Index("ix_rewards_expires_at", "expires_at", postgresql_where=text("expires_at IS NOT NULL"), sqlite_where=text("expires_at IS NOT NULL")),
)

# Codes of offers as they stand; `coupon_entries` is how they came there.
coupons = Table(
    "coupons", metadata,
    Column("code_folded", Text, primary_key=True),
    Column("code", Text, nullable=False),
    Column("offer", String(64), nullable=False),
    Column("state", String(16), nullable=False),            # free | bound | redeemed | void
    Column("launch_id", BigInteger), Column("number", Integer),  # the message that it is bound to
    Column("customer_id", BigInteger),
    Column("bound_at", UtcTime), Column("valid_until", UtcTime),
    Column("made_at", UtcTime, nullable=False),
    Column("synced_at", UtcTime),                           # the shop knows it
    Index("ix_coupons_free", "offer", "code_folded", postgresql_where=text("state = 'free'"), sqlite_where=text("state = 'free'")),
    Index("uq_coupons_message", "launch_id", "number", unique=True, postgresql_where=text("launch_id IS NOT NULL"),
          sqlite_where=text("launch_id IS NOT NULL")),
    Index("ix_coupons_offer_state", "offer", "state"),
    Index("ix_coupons_customer_id", "customer_id"),
)

# Append-only.
coupon_entries = Table(
    "coupon_entries", metadata,
    Column("id", BigKey, primary_key=True),
    Column("code_folded", Text, nullable=False),
    Column("entry", String(16), nullable=False),            # made | synced | bound | freed | redeemed | unredeemed | void
    Column("at", UtcTime, nullable=False),
    Column("launch_id", BigInteger), Column("number", Integer),
    Column("order_id", Text),
    Column("reason", Text),
    Index("ix_coupon_entries_code_folded", "code_folded"),
    Index("ix_coupon_entries_order_id", "order_id", postgresql_where=text("order_id IS NOT NULL"), sqlite_where=text("order_id IS NOT NULL")),
)

# How many codes a launch may still take; given back when it ends.
coupon_reservations = Table(
    "coupon_reservations", metadata,
    Column("launch_id", BigInteger, primary_key=True),
    Column("offer", String(64), primary_key=True),
    Column("quantity", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
)

wishes = Table(
    "wishes", metadata,
    Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("since", UtcTime, nullable=False),
    Index("ix_wishes_sku", "sku"),
)

# ---- what is sent -----------------------------------------------------------------------------------------

bundles = Table(
    "bundles", metadata,
    Column("hash", String(64), primary_key=True),
    Column("campaign", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("git_commit", String(64)), Column("git_author", Text), Column("git_dirty", Boolean),
)

bundle_files = Table(
    "bundle_files", metadata,
    Column("bundle", ForeignKey("bundles.hash"), primary_key=True),
    Column("path", Text, primary_key=True),
    Column("content_hash", String(64), nullable=False),
)

# Each content once, however many bundles hold it; pictures are served from here for ever.
contents = Table(
    "contents", metadata,
    Column("hash", String(64), primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

link_targets = Table(
    "link_targets", metadata,
    Column("bundle", ForeignKey("bundles.hash"), primary_key=True),
    Column("language", String(16), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("target", Text, nullable=False),
)

LIVE_LAUNCH = text("step = '' AND state IN ('preparing', 'sending', 'paused')")
STEP_LAUNCH = text("step <> ''")

launches = Table(
    "launches", metadata,
    Column("id", BigKey, primary_key=True),
    Column("campaign", Text, nullable=False),
    Column("step", String(32), nullable=False, server_default=text("''")),  # of an automation's Send: a launch for each of its bundles
    Column("kind", String(16), nullable=False, server_default=text("'marketing'")),  # or transactional
    Column("class", String(64)), Column("topic", String(64)),                # what contact limits count by
    Column("bundle", ForeignKey("bundles.hash"), nullable=False),
    Column("key", String(16), nullable=False, unique=True),  # random; part of every Message-ID
    Column("state", String(16), nullable=False),             # delivery/life.py says what each means
    Column("state_reason", Text),
    Column("segments", Document, nullable=False),            # names the reactions are credited to
    Column("created_at", UtcTime, nullable=False),           # as_of of its audience
    Column("created_by", Text, nullable=False),
    Column("started_at", UtcTime), Column("finished_at", UtcTime),
    Column("expires_at", UtcTime),
    Column("on_uncertain", String(8), nullable=False),
    Column("options", Document, nullable=False),             # limit, new_only, again
    Column("plan", Document),                                # the funnel as it was shown
    Column("recipients", Integer, nullable=False, server_default=text("0")),  # messages made; also numbers them
    Column("edition", SmallInteger, nullable=False, server_default=text("1")),  # of its bundles, the one that is composed from now
    Column("sending_since", UtcTime),                        # it was last resumed; refusals before that have been seen
    Column("first_part", Integer),                           # of a roll-out: numbers up to this leave first; the numbering is random then
    Column("goes_on_at", UtcTime),                           # the first part has left, and the rest may follow from then
    Column("rest_since", UtcTime),                           # the rest was let go
    Index("uq_launches_live", "campaign", unique=True, postgresql_where=LIVE_LAUNCH, sqlite_where=LIVE_LAUNCH),
    Index("uq_launches_step", "campaign", "step", "bundle", unique=True, postgresql_where=STEP_LAUNCH, sqlite_where=STEP_LAUNCH),
    Index("ix_launches_campaign", "campaign", "created_at"),
    Index("ix_launches_state", "state"),
)

# A launch that went on with changed files has several bundles, one after another; a message keeps the one it was made of.
editions = Table(
    "editions", metadata,
    Column("launch_id", ForeignKey("launches.id"), primary_key=True),
    Column("edition", SmallInteger, primary_key=True),
    Column("bundle", ForeignKey("bundles.hash"), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("by", Text, nullable=False),
)

# The segment, evaluated once. No reason: a message was made.
audience = Table(
    "audience", metadata,
    Column("launch_id", ForeignKey("launches.id"), primary_key=True),
    Column("customer_id", BigInteger, primary_key=True),
    Column("reason", String(32)),
)

PENDING = text("state = 'pending'")
LEASED = text("state IN ('claimed', 'handoff', 'uncertain')")  # an uncertain one is not judged before its lease is over
HELD = text("state = 'held'")

messages = Table(
    "messages", metadata,
    Column("launch_id", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),               # 1… within the launch
    Column("step", String(32), nullable=False, server_default=text("'send'")),
    Column("customer_id", BigInteger, nullable=False),
    Column("occurrence", Integer, nullable=False, server_default=text("0")),
    Column("email", Text, nullable=False),                   # the address at launch
    Column("email_domain", Text, nullable=False),
    Column("lane", String(32), nullable=False, server_default=text("''")),  # group of domains with a pace of its own
    Column("edition", SmallInteger, nullable=False, server_default=text("1")),  # the launch's, when it was composed
    Column("language", String(16)),
    Column("state", String(16), nullable=False),
    Column("reason", Text),                                  # of skipped, rejected, cancelled, expired
    Column("fence", Integer, nullable=False, server_default=text("0")),
    Column("lease_owner", Text),
    Column("lease_until", UtcTime),                          # by the database's clock
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_attempt_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("composed_at", UtcTime),
    Column("content_hash", String(64)),                      # SHA-256 of the bytes, committed with handoff
    Column("handoff_at", UtcTime),
    Column("handed_to", Text),                               # the transport's address, committed with handoff
    Column("accepted_at", UtcTime),
    Column("ended_at", UtcTime),                             # any terminal state
    Column("dup_possible", Boolean, nullable=False, server_default=text("false")),
    Column("smtp_code", SmallInteger), Column("enhanced_code", String(16)), Column("reply", Text),
    Column("evidence", String(16)),                          # reply | log | dsn | event | operator | file
    Column("opened_at", UtcTime),                            # first open that was not a machine's
    Column("clicked_at", UtcTime),                           # first human click
    Column("unsubscribed_at", UtcTime),
    Column("journey_id", BigInteger),                        # of an automation: what made it
    Column("contact_at", UtcTime),                           # it passed the contact limits: from here on it counts against them
    Column("first_due_at", UtcTime),                         # contact limits have put it off: when its turn had first come
    PrimaryKeyConstraint("launch_id", "number"),
    UniqueConstraint("launch_id", "step", "customer_id", "occurrence"),
    Index("ix_messages_due", "launch_id", "next_attempt_at", "number", postgresql_where=PENDING, sqlite_where=PENDING),
    Index("ix_messages_lane", "launch_id", "lane", "next_attempt_at", "number", postgresql_where=PENDING, sqlite_where=PENDING),
    Index("ix_messages_leases", "lease_until", postgresql_where=LEASED, sqlite_where=LEASED),
    Index("ix_messages_customer_id", "customer_id", "accepted_at"),
    Index("ix_messages_held", "launch_id", "number", postgresql_where=HELD, sqlite_where=HELD),
)

# Append-only: what was tried, how far it came, what was answered; and what an operator decided, and why.
attempts = Table(
    "attempts", metadata,
    Column("id", BigKey, primary_key=True),
    Column("launch_id", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("actor", Text, nullable=False),                   # worker and connection, or a person
    Column("relay", String(32)),                             # its name in regulars.yaml
    Column("phase", String(16), nullable=False),             # connect | mail | rcpt | data | body | dot | operator
    Column("outcome", String(16), nullable=False),           # the state the message went to
    Column("smtp_code", SmallInteger), Column("enhanced_code", String(16)), Column("reply", Text),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime, nullable=False),
    Index("ix_attempts_launch_id_number", "launch_id", "number"),
)

# Who works here: one row a process, seen anew while it lives.
workers = Table(
    "workers", metadata,
    Column("owner", Text, primary_key=True),                 # as in leases: host:pid
    Column("kind", String(8), nullable=False),               # worker | beat | up
    Column("started_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),              # by the database's clock
    Column("clock_skew", Float, nullable=False, server_default=text("0")),  # seconds that its clock is ahead of the database's
    Column("version", Text, nullable=False),
    Column("trouble", Text),                                 # why it sends nothing
)

# Token buckets of the embedded mode; workers on several machines share theirs in Redis.
buckets = Table(
    "buckets", metadata,
    Column("name", String(96), primary_key=True),
    Column("tokens", Float, nullable=False),
    Column("at", UtcTime, nullable=False),
)

# Domains that asked for patience, for each relay apart.
slowdowns = Table(
    "slowdowns", metadata,
    Column("relay", String(32), primary_key=True),
    Column("domain", Text, primary_key=True),                # a domain, or the lane of a group of them
    Column("until", UtcTime, nullable=False),
    Column("step", SmallInteger, nullable=False),            # how often in a row: the next one is longer
    Column("reason", Text, nullable=False),                  # the reply that asked for it
    Column("changed_at", UtcTime, nullable=False),
)

# ---- automations ------------------------------------------------------------------------------------------

# What `apply` put live; a file that has changed since changes nothing.
automations = Table(
    "automations", metadata,
    Column("campaign", Text, primary_key=True),
    Column("edition", Integer, nullable=False),              # the newest of automation_editions: what those who enter now go by
    Column("state", String(16), nullable=False),             # live | disabled
    Column("state_reason", Text),
    Column("applied_at", UtcTime, nullable=False),           # of this edition
    Column("live_since", UtcTime),                           # enabled or first applied: what happened before starts nothing
    Column("watched_at", UtcTime),                           # up to here a beat has looked for those whose moment has come
)

automation_editions = Table(
    "automation_editions", metadata,
    Column("campaign", ForeignKey("automations.campaign"), primary_key=True),
    Column("edition", Integer, primary_key=True),
    Column("definition", Text, nullable=False),              # campaign, segments and shop, as content/canonical.py writes them
    Column("hash", String(64), nullable=False),              # of the definition and its bundles
    Column("mails", Document, nullable=False),               # step key -> launch id
    Column("applied_at", UtcTime, nullable=False),
    Column("applied_by", Text, nullable=False),
    Column("git_commit", String(64)), Column("git_author", Text), Column("git_dirty", Boolean),
)

WAITING = text("state = 'waiting'")

# One customer's way through an automation. Due times live here; a step is one transaction that moves the row on.
journeys = Table(
    "journeys", metadata,
    Column("id", BigKey, primary_key=True),
    Column("campaign", Text, nullable=False),
    Column("edition", Integer, nullable=False),
    Column("customer_id", BigInteger, nullable=False),
    Column("occurrence", Integer, nullable=False),           # the customer's first, second … journey of this campaign
    Column("entry", Text, nullable=False),                   # what it began for; once each: an order's id, a birthday's year …
    Column("state", String(16), nullable=False),             # waiting | paused: it is due and its automation disabled | ended
    Column("reason", Text),                                  # of an ended one: finished, left: order.placed …
    Column("step", String(32)),                              # key of the step that is next
    Column("due_at", UtcTime),
    Column("waits_for", Text),                               # an event that moves it on before it is due
    Column("entered_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("fence", Integer, nullable=False, server_default=text("0")),  # rises at each step
    Column("trigger", Document, nullable=False),             # what happened: kind, at, subject, data
    UniqueConstraint("campaign", "customer_id", "occurrence"),
    UniqueConstraint("campaign", "customer_id", "entry"),
    Index("ix_journeys_due", "due_at", "id", postgresql_where=WAITING, sqlite_where=WAITING),
    Index("ix_journeys_customer_id", "customer_id", "state"),
    Index("ix_journeys_campaign", "campaign", "state", "edition"),
)

# Append-only: what each step did, or why it did nothing.
journey_steps = Table(
    "journey_steps", metadata,
    Column("journey_id", BigInteger, primary_key=True),
    Column("fence", Integer, primary_key=True),              # of the journey when the step was done
    Column("place", SmallInteger, primary_key=True),         # several steps may be done at once
    Column("step", String(32), nullable=False),
    Column("kind", String(16), nullable=False),              # send | wait | if | split | … | leave | skip
    Column("outcome", String(32), nullable=False),
    Column("reason", Text),
    Column("at", UtcTime, nullable=False),
    Column("launch_id", BigInteger), Column("number", Integer),  # of the message that a send made
)

# Who was in a watched segment, or above a watched score, when a beat last looked; or whose moment has come, and which one that was.
memberships = Table(
    "memberships", metadata,
    Column("campaign", Text, primary_key=True),
    Column("customer_id", BigInteger, primary_key=True),
    Column("since", UtcTime, nullable=False),
)

# Moments that nobody looked for in time: how many customers they were of, and why nothing started.
passed_over = Table(
    "passed_over", metadata,
    Column("campaign", Text, primary_key=True),
    Column("day", Date, primary_key=True),                   # of the moment, in the shop's zone
    Column("customers", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("noted_at", UtcTime, nullable=False),
)

# Calls that steps ask for: webhooks and notes to the team. Claimed with leases, tried until they succeed or expire.
errands = Table(
    "errands", metadata,
    Column("id", BigKey, primary_key=True),
    Column("journey_id", BigInteger, nullable=False),
    Column("step", String(32), nullable=False),
    Column("kind", String(16), nullable=False),              # webhook | notify
    Column("target", Text, nullable=False),
    Column("payload", Document, nullable=False),
    Column("state", String(16), nullable=False),             # pending | done | failed
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_attempt_at", UtcTime, nullable=False),
    Column("fence", Integer, nullable=False, server_default=text("0")),
    Column("lease_until", UtcTime),
    Column("answer", Text),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("journey_id", "step"),
    Index("ix_errands_due", "next_attempt_at", postgresql_where=PENDING, sqlite_where=PENDING),
)

# What happened to a product, and may concern many customers: spread out later, together with its like.
product_changes = Table(
    "product_changes", metadata,
    Column("id", BigKey, primary_key=True),
    Column("sku", Text, nullable=False),
    Column("kind", String(32), nullable=False),              # product.price_dropped | product.back_in_stock
    Column("at", UtcTime, nullable=False),
    Column("data", Document, nullable=False),                # before and after
    Column("gathering", BigInteger),                         # the first change of those that are told of together
    Column("spread_at", UtcTime),
    Index("ix_product_changes_open", "at", postgresql_where=text("spread_at IS NULL"), sqlite_where=text("spread_at IS NULL")),
)

# ---- what the shop tells ----------------------------------------------------------------------------------

# Each call of a shop's system once, by its own id; the answer is given again to who repeats it.
intakes = Table(
    "intakes", metadata,
    Column("source", String(32), primary_key=True),          # shopify | woocommerce | api:<key id> | feed:<name>
    Column("event_id", Text, primary_key=True),
    Column("topic", String(64), nullable=False),
    Column("body_hash", String(64), nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("answer", Text),
    Column("at", UtcTime, nullable=False),
    Index("ix_intakes_at", "at"),
)

# Everything that was told of an order, gathered so that neither order nor repetition matters; loyalty/tellings.py reads it.
order_tellings = Table(
    "order_tellings", metadata,
    Column("order_id", Text, primary_key=True),              # the shop's own
    Column("customer_id", BigInteger),                       # NULL while only parts of it were told
    Column("told", Document, nullable=False),
    Index("ix_order_tellings_customer_id", "customer_id"),
)

api_keys = Table(
    "api_keys", metadata,
    Column("id", String(16), primary_key=True),              # the part of the key that may be seen
    Column("name", Text, nullable=False),
    Column("secret_hash", String(64), nullable=False),
    Column("scopes", Document, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime), Column("revoked_at", UtcTime), Column("used_at", UtcTime),
)

# What a customer asked the shop, and the shop asks us: to be told about, or forgotten.
privacy_requests = Table(
    "privacy_requests", metadata,
    Column("id", BigKey, primary_key=True),
    Column("kind", String(16), nullable=False),              # access | erasure | shop_erasure
    Column("customer_id", BigInteger),
    Column("source", String(32), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("done_at", UtcTime),
)

# Files that are pulled on a schedule.
feeds = Table(
    "feeds", metadata,
    Column("name", String(64), primary_key=True),
    Column("url", Text, nullable=False),                     # of what the columns below are told
    Column("next_at", UtcTime, nullable=False),
    Column("pulled_at", UtcTime), Column("changed_at", UtcTime),
    Column("etag", Text), Column("last_modified", Text), Column("content_hash", String(64)),
    Column("outcome", Text), Column("failing_since", UtcTime),
    Column("fence", Integer, nullable=False, server_default=text("0")),
    Column("lease_until", UtcTime),
)

# ---- what comes back --------------------------------------------------------------------------------------

# Raw truth of the web door, with a verdict that can be computed again.
hits = Table(
    "hits", metadata,
    Column("id", BigKey, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("kind", String(16), nullable=False),              # open | click | view | unsubscribe | referral
    Column("launch_id", BigInteger), Column("number", Integer), Column("link", SmallInteger),
    Column("code", String(16)),                              # of a referral visit
    Column("target", Text),
    Column("method", String(8), nullable=False),
    Column("user_agent", Text),
    Column("network", Text),                                 # the address cut to /24 or /48
    Column("verdict", String(8), nullable=False),            # human | machine | unknown
    Column("reasons", Document, nullable=False),
    Column("rules_version", SmallInteger, nullable=False),
    Index("ix_hits_launch_id_number", "launch_id", "number"),
    Index("ix_hits_at", "at"),
    Index("ix_hits_code", "code", postgresql_where=text("code IS NOT NULL"), sqlite_where=text("code IS NOT NULL")),
)

# The timeline of a customer, from which all scores can be computed again.
events = Table(
    "events", metadata,
    Column("id", BigKey, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("customer_id", BigInteger, nullable=False),
    Column("kind", String(32), nullable=False),              # email.opened, email.clicked, email.unsubscribed, order.placed …
    Column("launch_id", BigInteger), Column("number", Integer),  # below zero: another system's campaign, by its name
    Column("campaign", Text), Column("link", Text),
    Column("verdict", String(8)),                            # of the hit it came from
    Column("hit_id", BigInteger),
    Column("value", BigInteger),                             # money of an order, in the compare currency
    Column("source", Text), Column("source_id", Text),       # whose id makes it happen once
    Column("origin", String(16), nullable=False),            # live | imported
    Column("data", Document),
    UniqueConstraint("source", "source_id"),
    Index("ix_events_customer_id_at", "customer_id", "at"),
    Index("ix_events_launch_id_kind", "launch_id", "kind"),
    Index("ix_events_kind_at", "kind", "at"),
)

# ---- what was learned -------------------------------------------------------------------------------------

# A customer's decayed score in a segment, at the installation's landmark.
scores = Table(
    "scores", metadata,
    Column("segment", Text, primary_key=True),
    Column("customer_id", BigInteger, primary_key=True),
    Column("value", Float, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Index("ix_scores_segment_value", "segment", "value"),
)

# Quintile borders of the day: the same for both readings of rfm.* conditions.
rfm_cuts = Table(
    "rfm_cuts", metadata,
    Column("day", Date, primary_key=True),
    Column("measure", String(16), primary_key=True),         # recency | frequency | monetary
    Column("cuts", Document, nullable=False),                # four borders between quintiles 1|2|3|4|5
)
