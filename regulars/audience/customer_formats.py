"""Exports of customers: Shopify's, WooCommerce's, Klaviyo's profiles and Mailchimp's audiences."""

from __future__ import annotations

import re

from regulars.audience.formats import Format, From, column


def _shopify_id(written: str) -> str:
    """Shopify puts an apostrophe before long numbers, for spreadsheets."""
    return written.strip().removeprefix("'")


def _first_name(whole: str) -> str:
    return whole.strip().rpartition(" ")[0] or whole.strip()


def _last_name(whole: str) -> str:
    return whole.strip().rpartition(" ")[2] if " " in whole.strip() else ""


def _country(written: str) -> str:
    """Two letters, or nothing: names of countries are no codes."""
    return written.strip().upper() if re.fullmatch(r"[A-Za-z]{2}", written.strip()) else ""


def _either(new: str, old: str) -> str:
    return new if new.strip() else old


SHOPIFY = Format(
    "Shopify's customers export", ("Email", "Tax Exempt", "Total Spent", "Total Orders"),
    {
        "email": column("Email"), "customer_id": From(("Customer ID",), _shopify_id), "first_name": column("First Name"),
        "last_name": column("Last Name"), "city": column("Default Address City", "City"),
        "country": From(("Default Address Country Code", "Country Code"), lambda new, old: _country(new) or _country(old)),
        "consent": From(("Accepts Email Marketing", "Accepts Marketing"), _either),
        "consent_source": From((), lambda: "shopify"), "tags": column("Tags"),
    },
)
WOOCOMMERCE = Format(
    "WooCommerce's customers report", ("Name", "Username", "Last active", "Sign up", "Email"),
    {
        "email": column("Email"), "first_name": From(("Name",), _first_name), "last_name": From(("Name",), _last_name),
        "city": column("City"), "country": From(("Country / Region", "Country/Region", "Country"), lambda *cells: next(filter(None, map(_country, cells)), "")),
        "created_at": column("Sign up"),
    },
)

# ---- Klaviyo ----

_KLAVIYO = {
    "subscribed": "yes", "unsubscribed": "no", "never_subscribed": "", "never subscribed": "", "true": "yes", "false": "no", "": "",
}


def _klaviyo_consent(state: str, at: str, suppressed: str) -> str:
    """A word, or the moment in its place. Who is suppressed by their own wish has left."""
    if "unsubscribe" in suppressed.casefold():
        return "no"
    written = state.strip().casefold()
    return _KLAVIYO.get(written, "yes" if re.match(r"\d{4}-\d\d", written) or at.strip() else state)


def _klaviyo_consent_at(at: str, state: str) -> str:
    return at or (state if re.match(r"\d{4}-\d\d", state.strip()) else "")


def _klaviyo_suppressed(written: str) -> str:
    """`["HARD_BOUNCE"]`, `USER_SUPPRESSED: 2026-01-05` …"""
    folded = written.casefold()
    return "bounce" if "bounce" in folded or "invalid" in folded else "complaint" if "spam" in folded or "complain" in folded else ""


KLAVIYO = Format(
    "Klaviyo's profiles export", ("Email", "Klaviyo ID"),
    {
        "email": column("Email"), "first_name": column("First Name"), "last_name": column("Last Name"), "city": column("City"),
        "country": From(("Country",), _country), "locale": column("Locale"), "timezone": column("Timezone", "$timezone"),
        "consent": From(("Email Marketing Consent", "Email Marketing Consent Timestamp", "Email Suppressions"), _klaviyo_consent),
        "consent_at": From(("Email Marketing Consent Timestamp", "Email Marketing Consent"), _klaviyo_consent_at),
        "consent_source": column("Email Marketing Consent Method", "Source"), "created_at": column("Profile Created On", "Date Added"),
        "suppressed": From(("Email Suppressions",), _klaviyo_suppressed),
    },
)

# ---- Mailchimp: one file for each state that a contact can be in ----


def _month_and_day(written: str) -> str:
    """Mailchimp writes birthdays 05/17, whatever the country."""
    match = re.fullmatch(r"(\d{1,2})/(\d{1,2})", written.strip())
    return f"{int(match[1]):02}-{int(match[2]):02}" if match else written


def _quoted_tags(written: str) -> str:
    return written.replace('"', "")


_CONTACT = ("Email Address", "LEID", "EUID")
_OF_CONTACT = {
    "email": column("Email Address"), "first_name": column("First Name"), "last_name": column("Last Name"),
    "timezone": column("TIMEZONE"), "country": From(("CC",), _country), "birthday": From(("Birthday",), _month_and_day),
    "tags": From(("TAGS",), _quoted_tags), "consent_source": From((), lambda: "mailchimp"),
}
MAILCHIMP = Format(
    "Mailchimp's export of subscribed contacts", _CONTACT,
    {
        **_OF_CONTACT,
        "consent": From(("OPTIN_TIME", "CONFIRM_TIME"), lambda asked, confirmed: "yes" if (asked + confirmed).strip() else ""),
        "consent_at": column("CONFIRM_TIME", "OPTIN_TIME"), "created_at": column("OPTIN_TIME", "CONFIRM_TIME"),
    },
    without=("UNSUB_TIME", "CLEAN_TIME"),
)
MAILCHIMP_LEFT = Format(
    "Mailchimp's export of unsubscribed contacts", (*_CONTACT, "UNSUB_TIME"),
    {**_OF_CONTACT, "consent": From((), lambda: "no"), "consent_at": column("UNSUB_TIME"), "created_at": column("OPTIN_TIME", "CONFIRM_TIME")},
)
MAILCHIMP_CLEANED = Format(
    "Mailchimp's export of cleaned contacts", (*_CONTACT, "CLEAN_TIME"),
    {**_OF_CONTACT, "suppressed": From((), lambda: "bounce"), "created_at": column("OPTIN_TIME", "CONFIRM_TIME")},
)

FORMATS = (SHOPIFY, WOOCOMMERCE, KLAVIYO, MAILCHIMP, MAILCHIMP_LEFT, MAILCHIMP_CLEANED)
