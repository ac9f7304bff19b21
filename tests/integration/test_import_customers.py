"""Customers from files: one address, one person; consent that is never given back by an old file."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import consents, customer_tags, customers, identities
from tests.factories import (
    BirthdayCustomerFactory,
    CustomerFactory,
    NeverAskedCustomerFactory,
    OrderLineFactory,
)
from tests.shops import ShopInDatabase


@pytest.fixture
def shop(database: Database) -> ShopInDatabase:
    return ShopInDatabase(database)


def person(shop: ShopInDatabase, email: str = "ada@mail.example"):
    with shop.database.read() as connection:
        return connection.execute(select(customers).where(customers.c.email_key == email)).one()


def count(shop: ShopInDatabase, table) -> int:
    with shop.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def test_one_address_is_one_customer_however_it_is_written(shop):
    shop.customers(CustomerFactory(email=" Ada@MAIL.example "))
    shop.orders(OrderLineFactory(email="ada@mail.EXAMPLE"))

    assert count(shop, customers) == 1
    assert person(shop).email == "Ada@mail.example"
    assert person(shop).orders_count == 1


def test_an_international_domain_has_one_key(shop):
    shop.customers(CustomerFactory(email="ada@müller.example"), CustomerFactory(email="ada@xn--mller-kva.example"))

    assert count(shop, customers) == 1
    assert person(shop, "ada@xn--mller-kva.example").email_domain == "xn--mller-kva.example"


def test_the_same_file_twice_changes_nothing(shop):
    rows = [CustomerFactory(taste="dark", visits="3"), BirthdayCustomerFactory(), NeverAskedCustomerFactory()]
    shop.customers(*rows)

    again = shop.customers(*rows)

    assert (again.read, again.imported, again.unchanged) == (3, 0, 3)
    assert count(shop, consents) == 2


def test_attributes_are_typed_and_folded(shop):
    shop.customers(CustomerFactory(email="ada@mail.example", taste="DARK", visits="3", country="tr", city=" İstanbul"))

    ada = person(shop)
    assert ada.attributes == {"taste": "dark", "visits": 3}
    assert (ada.country, ada.country_folded, ada.city, ada.city_folded) == ("tr", "tr", "İstanbul", "istanbul")


@pytest.mark.parametrize(("told", "reason"), [
    ({"taste": "sour"}, 'taste: "sour" is none of fruity, dark'),
    ({"visits": "1.5"}, 'visits: "1.5" is not a whole number'),
    ({"visits": "99999999999"}, "visits: 99999999999 is too large"),
    ({"email": "ada@"}, "email: "),
    ({"email": ""}, "email is empty"),
    ({"timezone": "Istanbul"}, 'timezone: "Istanbul" is not a time zone'),
    ({"birthday": "2026-02-30"}, 'birthday: "2026-02-30" is not in the calendar'),
    ({"consent": "maybe"}, 'consent: "maybe" is no answer'),
    ({"consent_at": "01/02/2026"}, 'consent_at: "01/02/2026" is not a time'),
    ({"consent_at": "2030-01-01"}, "consent_at: 2030-01-01 lies in the future"),
    ({"first_name": "A\0da"}, "first_name: holds a NUL"),
])
def test_what_cannot_be_read_is_rejected_with_its_column_and_the_rest_comes_in(shop, told, reason):
    result = shop.customers(CustomerFactory(**told), CustomerFactory(email="ok@mail.example"))

    assert result.imported == 1
    assert result.rejected[0][0] == 2
    assert reason in result.rejected[0][1]


@pytest.mark.parametrize(("written", "month_day"), [("1990-05-17", 517), ("05-17", 517), ("--02-29", 229), ("2000-02-29", 229)])
def test_birthdays_with_and_without_a_year(shop, written, month_day):
    shop.customers(CustomerFactory(email="ada@mail.example", birthday=written))

    ada = person(shop)
    assert ada.birth_month_day == month_day
    assert (ada.birth_date is not None) == written[:1].isdigit() * (len(written) == 10)


def test_an_empty_cell_changes_nothing(shop):
    shop.customers(CustomerFactory(email="ada@mail.example", taste="dark"))
    shop.customers({"email": "ada@mail.example", "first_name": "", "visits": "4"})

    assert person(shop).first_name == "Ada"
    assert person(shop).attributes == {"taste": "dark", "visits": 4}


def test_an_old_yes_does_not_outvote_a_later_no(shop):
    shop.customers(CustomerFactory(email="ada@mail.example", consent="no", consent_at="2026-03-01"))
    shop.customers(CustomerFactory(email="ada@mail.example", consent="yes", consent_at="2026-02-01"))
    shop.customers(CustomerFactory(email="ada@mail.example", consent="yes", consent_at=""))

    assert person(shop).marketing == "withdrawn"
    assert count(shop, consents) == 1


def test_a_later_yes_and_an_undated_no_are_believed(shop):
    shop.customers(CustomerFactory(email="ada@mail.example", consent="no", consent_at="2026-03-01"))
    shop.customers(CustomerFactory(email="ada@mail.example", consent="yes", consent_at="2026-04-01"))
    assert person(shop).marketing == "granted"

    shop.customers(CustomerFactory(email="ada@mail.example", consent="no", consent_at=""))

    assert (person(shop).marketing, person(shop).marketing_at) == ("withdrawn", shop.now)
    assert count(shop, consents) == 3


def test_people_known_only_from_orders_were_never_asked(shop):
    shop.orders(OrderLineFactory())

    assert person(shop).marketing is None
    assert shop.now - person(shop).created_at > timedelta(days=100)


def test_a_changed_address_is_the_same_person_and_the_old_one_still_finds_them(shop):
    shop.customers(CustomerFactory(customer_id="5", email="old@mail.example"))
    shop.customers(CustomerFactory(customer_id="5", email="new@mail.example"))
    shop.orders(OrderLineFactory(email="old@mail.example"))

    assert count(shop, customers) == 1
    assert person(shop, "new@mail.example").orders_count == 1
    assert count(shop, identities) == 2


def test_an_address_of_somebody_else_is_not_taken_over(shop):
    shop.customers(CustomerFactory(customer_id="5", email="five@mail.example"), CustomerFactory(email="other@mail.example"))

    result = shop.customers(CustomerFactory(customer_id="5", email="other@mail.example"))

    assert "another customer" in result.rejected[0][1]
    assert person(shop, "five@mail.example").id != person(shop, "other@mail.example").id


def test_two_rows_of_one_address_are_one_person_and_the_last_word_counts(shop):
    rows = [CustomerFactory(email="ada@mail.example", first_name="Ada"), CustomerFactory(email="ADA@mail.example", first_name="Adacık")]

    first, again = shop.customers(*rows), shop.customers(*rows)

    assert (first.imported, again.unchanged) == (2, 2)
    assert person(shop).first_name == "Adacık"


def test_a_dry_run_changes_nothing(shop):
    result = shop.customers(CustomerFactory(), dry_run=True)

    assert (result.imported, count(shop, customers)) == (1, 0)


def test_rows_that_turn_out_to_be_one_person_are_stored_one_after_the_other(shop):
    """Whether they stand in one file or in two must make no difference."""
    rows = [
        CustomerFactory(customer_id="5", email="ada@mail.example", first_name="Ada"), CustomerFactory(email="ada@mail.example", visits="2"),
        CustomerFactory(customer_id="6", email="ada@mail.example"),
    ]
    first, again = shop.customers(*rows), shop.customers(*rows)

    assert (first.rejected, again.rejected, count(shop, customers)) == ([], [], 1)
    assert (again.imported, again.unchanged) == (0, 3)
    assert person(shop).attributes == {"visits": 2}
    with shop.database.read() as connection:
        assert sorted(connection.scalars(select(identities.c.value))) == ["5", "6"]


def tags_of(shop: ShopInDatabase) -> list[str]:
    with shop.database.read() as connection:
        return sorted(connection.scalars(select(customer_tags.c.tag)))


def test_tags_are_added_once_however_they_are_written_and_a_file_takes_none_away(shop):
    first = shop.customers({**CustomerFactory(email="ada@mail.example"), "tags": "Wholesale; İstanbul,  early  bird"})
    again = shop.customers({**CustomerFactory(email="ada@mail.example"), "tags": "wholesale, EARLY BIRD, new"})
    shop.customers({**CustomerFactory(email="ada@mail.example"), "tags": ""})

    assert (first.imported, again.imported) == (1, 1)
    assert tags_of(shop) == ["Wholesale", "early bird", "new", "İstanbul"]
    assert shop.customers({**CustomerFactory(email="ada@mail.example"), "tags": "NEW"}).unchanged == 1
