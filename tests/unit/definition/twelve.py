"""Twelve automations and letters that a shop must be able to write without a workaround, and a shop that declares what they name."""

from __future__ import annotations

SHOP = """\
shop: {name: "Mahalle Kahve", url: https://kahve.example, address: "İcadiye Cd. 12, 34674 İstanbul", locale: tr,
  timezone: Europe/Istanbul, currency: TRY}
sender: {from: "Mahalle Kahve <merhaba@kahve.example>", reply_to: "destek@kahve.example"}
languages: [tr, az]
money: {compare_in: TRY, rates: data/rates.csv}
utm: {source: email, medium: regulars}             # added to links
attributes: {taste: {one_of: [fruity, dark], default: dark}, loyalty_card: {text: optional}, stage: text}
events: {nps.answered: {score: whole number}, cart.updated: {items: items, url: url}}        # (p)
consent: required
relays: {bulk: {}, receipts: {}}
topics: {news: "…", offers: "…", tips: "…"}
scoring: {half_life: 30 days, click: 3, order: 10, unsubscribe: -50}
attribution: {within: 7 days, of: click}
classes: [receipts, cart, review, replenish, win-back, news]                                 # (p) first wins
contact_limits: {all: 3 per 7 days, offers: 1 per 7 days, quiet_hours: "21:00-09:00 local"}   # (p)
hold_while: [support.open, return.open]            # (p) nobody sells to a customer with an open complaint
calendar: {kurban-bayrami: 2027-05-16, mourning: {TR: [11-10], AZ: [01-20]}}                  # (p)
offers:                                            # (p)
  comeback-10: {percent: 10, minimum: "500 TRY / 20 AZN", valid_for: 10 days, codes: unique}
  comeback-20: {percent: 20, valid_for: 5 days, made_in: shopify}
  birthday-gift: {product: "a 250 g bag of this month's beans", valid_for: 1 month, prefix: NICE}
referral: {friend: 15%, advocate: 100 TRY, after: first order, milestones: {5: "250 g of this month's beans"}}   # (m) codes, (p) programme
sources: {orders: {url: https://kahve.example/orders.csv, every: 1 hour, token: REGULARS_FEED_TOKEN}}
"""

EXAMPLE = """\
campaign: after-first-order
trigger: {order.placed: {nth: 1}}          # order.placed, order.delivered, order.refunded, segment.entered: x, subscribed, birthday: 3 days before,
one_per: customer                          # customer | order
again: never                               # or: after 180 days
on_start: new members only                 # or: everyone in it now
recheck: every send                        # is the entry condition still true?
leave_when: [order.placed, order.refunded] # at any time after entry
class: win-back
over_limit: wait up to 2 days              # or: drop
not_later_than: 3 days                     # after an outage: skip, with that reason
on_change: finish_old                      # finish_old | move | restart
steps:
  - wait: 3 days, until 10:00 local, on weekdays
  - send: {template: how_was_it.mjml, subject: "…"}
  - wait: {for: cart.emptied, at_most: 14 days}
  - if: {orders: {count: {at_least: 2}}}
    then: [{set: {stage: regular}}, {send: {template: welcome_regular.mjml, subject: "…"}}]
    else: [{send: {template: offer.mjml, offer: comeback-10, subject: "…"}}]
  - split: {50%: [{send: {template: a.mjml, subject: "…"}}], rest: [{send: {template: b.mjml, subject: "…"}}]}
  - tag: {add: nurtured}
  - webhook: {url: https://crm.example/hook}
  - notify: team@kahve.example
  - stop_mailing: {reason: sunset}
"""

TWELVE = {
    "welcome": """\
campaign: welcome
trigger: subscribed
topic: news
leave_when: [order.placed]
steps:
  - send: {template: welcome.mjml, subject: {tr: "Hoş geldin", az: "Xoş gəldin"}}
  - wait: 2 days, until 10:00 local
  - send: {template: our_story.mjml, subject: "…", topic: tips}
""",
    "how-to": """\
campaign: how-to
trigger: {order.delivered: {where: {category: machines}}}
one_per: order
topic: tips
steps:
  - wait: 1 day, until 09:00 local, on weekdays
  - send: {template: how_to.mjml, subject: "…", with: {machine: "moka"}}
""",
    "replenish": """\
campaign: replenish
trigger: {replenishment.due: 3 days before}
again: after 14 days
class: replenish
recheck: every send
leave_when: [order.placed]
steps:
  - send: {template: replenish.mjml, subject: "…"}
""",
    "win-back": """\
campaign: win-back
trigger: {segment.entered: slipping-away}
on_start: everyone in it now
again: after 180 days
class: win-back
topic: offers
over_limit: wait up to 2 days
leave_when: [order.placed]
steps:
  - send: {template: win_back.mjml, subject: "…"}
  - wait: 7 days, until 10:00 local
  - send: {template: win_back_offer.mjml, offer: comeback-10, subject: "…"}
  - wait: 7 days, until 10:00 local
  - send: {template: win_back_offer.mjml, offer: comeback-20, subject: "…"}
    name: last-call
""",
    "early-access": """\
campaign: early-access
to: [gold, top-5-percent]
except: [bought-harvest]
send_at: 2026-12-01 09:00 local
if_past: next day
expires_after: 3 days
class: news
template: harvest.mjml
with: {opens_for_all: 2026-12-03}
subject: {tr: "48 saat önce sana açık", az: "48 saat əvvəl sizə açıq"}
""",
    "birthday": """\
campaign: birthday
trigger: {birthday: 3 days before}
again: after 300 days
offer: birthday-gift
steps:
  - wait: until 10:00 local
  - send: {template: birthday.mjml, subject: "…"}
""",
    "bring-a-friend": """\
campaign: bring-a-friend
trigger: {nps.answered: {score: {at_least: 9}}}
again: after 180 days
steps:
  - wait: 1 hour
  - send: {template: refer.mjml, subject: "…"}
""",
    "review": """\
campaign: review
trigger: order.delivered
one_per: order
class: review
leave_when: [order.refunded]
steps:
  - wait: 7 days, until 18:00 local
  - send: {template: review.mjml, subject: "…"}
""",
    "abandoned-cart": """\
campaign: abandoned-cart
trigger: cart.updated
again: after 3 days
class: cart
leave_when: [order.placed, cart.emptied]
steps:
  - wait: {until_quiet: 4 hours}
  - send: {template: cart.mjml, subject: "…"}
""",
    "price-drop": """\
campaign: price-drop
trigger: product.price_dropped
again: after 1 day
entry_window: 6 hours
not_later_than: 1 day
steps:
  - send: {template: price_drop.mjml, subject: "…"}
""",
    "bayram": """\
campaign: bayram
trigger: {schedule: "7 days before kurban-bayrami 10:00"}
again: after 300 days
when: {not: {any: [{in_segment: bought-harvest}, {customer.country: DE}]}}
steps:
  - send: {template: bayram.mjml, subject: {tr: "Bayramın kutlu olsun", az: "Bayramınız mübarək"}}
""",
    "sunset": """\
campaign: sunset
trigger: {segment.entered: sleepers}
leave_when: [order.placed]
steps:
  - send: {template: still_there.mjml, subject: "…"}
  - wait: 14 days
  - if: {emails.clicked: {campaign: sunset, within: 14 days}}
    then: [{tag: {remove: sleeping}}]
    else: [{stop_mailing: {reason: sunset}}]
""",
}
SEGMENTS = ("slipping-away", "gold", "top-5-percent", "bought-harvest", "sleepers", "vip")
TEMPLATES = ("how_was_it", "welcome_regular", "offer", "a", "b", "welcome", "our_story", "how_to", "replenish", "win_back", "win_back_offer", "harvest",
             "birthday", "refer", "review", "cart", "price_drop", "bayram", "still_there")
