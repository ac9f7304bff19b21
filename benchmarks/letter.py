"""The letter that the delivery benchmark sends: 24 KB of HTML, six purchases, a referral code, eight tracked links."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import insert, text

from benchmarks.shop import NOW, copy_workspace
from regulars.adapters.database.schema import products
from regulars.bootstrap import House
from regulars.settings import read_settings

PURCHASES = 6
CAMPAIGN = """\
campaign: to-everybody
topic: offers
to: [everybody]
template: six_purchases.mjml
subject: "{{ customer.first_name | default('friend') }}, six coffees and a code for your friends"
on_uncertain: hold
"""
SEGMENT = 'segment: everybody\ndescription: "All who ever ordered"\nwhere: {orders.count: {at_least: 1}}\n'
TEMPLATE = """\
{% extends "layouts/letter.mjml" %}
{% block body %}
  <mj-section padding="0 24px"><mj-column>
    <mj-text mj-class="title">What you liked</mj-text>
    <mj-text>{{ customer.greeting }}, your last parcel left on {% if orders.last_at %}{{ orders.last_at | date }}{% endif %}.</mj-text>
    <mj-button href="{{ shop.url }}/new" name="new">See what is new</mj-button>
  </mj-column></mj-section>
  <mj-raw>{% for item in purchases[:6] %}</mj-raw>
  <mj-section padding="0 40px 14px"><mj-column>
    <mj-text padding="0 0 0 18px"><span class="strong">{{ item.name }}</span><br />
      {{ item.quantity | number }} × {{ item.unit_price | money }} · {{ item.ordered_at | date }}{% if item.url %}<br />
      <a name="product" href="{{ item.url }}">Order again</a>{% endif %}</mj-text>
  </mj-column></mj-section>
  <mj-raw>{% endfor %}</mj-raw>
  <mj-section padding="0 24px"><mj-column>
    <mj-text mj-class="heading">For a friend</mj-text>
    <mj-text mj-class="code">{{ referral.code }}</mj-text>
    <mj-text>Pass it on: <a href="{{ referral.url }}">{{ referral.url }}</a>. They save {{ referral.friend }}, you get {{ referral.advocate }}.</mj-text>
    <mj-button href="{{ shop.url }}/gifts" name="gifts">Gifts</mj-button>
  </mj-column></mj-section>
{% endblock %}
"""


def open_shop(folder: Path, people: int, environment: dict[str, str]) -> House:
    """A shop on an empty, migrated PostgreSQL: so many customers with six purchases each, all of whom may be written to."""
    copy_letter(folder)
    house = House(read_settings(str(folder), environment))
    with house.database.write() as connection:
        connection.execute(insert(products), [_product(number) for number in range(PURCHASES)])
        for statement in (CUSTOMERS, ORDERS, LINES, CODES):
            connection.execute(text(statement), {"people": people, "purchases": PURCHASES, "now": house.clock.now()})
    with house.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return house


def copy_letter(folder: Path) -> None:
    """The sample workspace with this letter, its segment and its campaign."""
    copy_workspace(folder, {
        "campaigns/to_everybody.yaml": CAMPAIGN, "segments/everybody.yaml": SEGMENT, "templates/six_purchases.mjml": TEMPLATE,
    })


def _product(number: int) -> dict[str, Any]:
    return {
        "sku": f"BEAN-{number}", "name": f"Etiyopya Guji Nº {number}", "url": f"https://kahve.example/beans/{number}",
        "price": 5_200_000, "currency": "TRY", "category": "beans", "category_folded": "beans", "updated_at": NOW,
    }


CUSTOMERS = """
INSERT INTO customers (id, email, email_key, email_domain, address_hash, first_name, locale, marketing, marketing_at, created_at, updated_at,
                       orders_count, orders_spent, orders_first_at, orders_last_at, attributes, attributes_folded)
SELECT c, 'customer' || c || '@posta' || c % 50 || '.example', 'customer' || c || '@posta' || c % 50 || '.example',
       'posta' || c % 50 || '.example', lpad(to_hex(c), 64, '0'), (ARRAY['Ayşe', 'Rəşad', 'Sophie', 'Mehmet', 'İpek'])[c % 5 + 1], 'en', 'granted',
       :now, :now, :now, 2, 31200000, CAST(:now AS timestamptz) - interval '90 days', CAST(:now AS timestamptz) - interval '20 days', '{}', '{}'
FROM generate_series(1, :people) c
"""
ORDERS = """
INSERT INTO orders (id, order_id, customer_id, ordered_at, counts_from, currency, total, total_compared, origin, content_hash, recorded_at)
SELECT 2 * c + o, c || '-' || o, c, CAST(:now AS timestamptz) - make_interval(days => (20 + c % 300 + 60 * o)::int), '2020-01-01+00', 'TRY', 15600000, 15600000,
       'imported', '', :now
FROM generate_series(1, :people) c, generate_series(0, 1) o
"""
LINES = """
INSERT INTO order_lines (order_key, position, customer_id, ordered_at, counts_from, sku, sku_folded, product, product_folded, category,
                         category_folded, currency, quantity, unit_price, amount, amount_compared)
SELECT 2 * c + (l % 2), l, c, CAST(:now AS timestamptz) - make_interval(days => (20 + c % 300 + 60 * (l % 2))::int), '2020-01-01+00', 'BEAN-' || l, 'bean-' || l,
       'Etiyopya Guji Nº ' || l, 'etiyopya guji nº ' || l, 'beans', 'beans', 'TRY', 1000, 5200000, 5200000, 5200000
FROM generate_series(1, :people) c, generate_series(0, :purchases - 1) l
"""
CODES = """
INSERT INTO referral_codes (code, programme, customer_id, created_at)
SELECT 'FRIEND' || c, 'referral', c, :now FROM generate_series(1, :people) c
"""
