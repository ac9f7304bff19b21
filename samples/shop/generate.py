"""Writes the demo shop's customers.csv, orders.csv, products.csv and data/rates.csv: the same bytes every time.

    python samples/shop/generate.py

The story it tells, as seen at 2026-11-20 09:00 UTC: a roaster three years old. Most who buy never come
back; some two hundred do every few weeks; another two hundred used to, and went quiet in the last
months; cafés order by the kilo; some come only for presents; and a campaign on Instagram has brought a
few dozen new faces in the last two weeks. Names, prices and exchange rates are invented.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 20, 12, 0)  # noqa: DTZ001  the shop's wall clock, as its CSV files have it
OPENED = datetime(2023, 11, 20, 9, 0)  # noqa: DTZ001
DICE = random.Random("Mahalle Kahve")

PRODUCTS = [
    line.split("|")
    for line in """\
ETH-GUJI-250|Etiyopya Guji 250 g|520||beans|30
ETH-GUJI-1000|Etiyopya Guji 1 kg|1850||beans|45
ETH-YIRGA-250|Etiyopya Yirgacheffe 250 g|540||beans|30
KEN-NYERI-250|Kenya Nyeri AA 250 g|580||beans|30
KEN-NYERI-1000|Kenya Nyeri AA 1 kg|2050||beans|45
RWA-KIVU-250|Ruanda Kivu 250 g|510||beans|30
COL-HUILA-250|Kolombiya Huila 250 g|480||beans|30
COL-HUILA-1000|Kolombiya Huila 1 kg|1690||beans|45
GTM-HUEHUE-250|Guatemala Huehuetenango 250 g|490||beans|30
BRA-CERRADO-250|Brezilya Cerrado 250 g|430||beans|30
BRA-CERRADO-1000|Brezilya Cerrado 1 kg|1490||beans|45
SUM-GAYO-250|Sumatra Gayo 250 g|510||beans|30
MAHALLE-250|Mahalle Harmanı 250 g|420||beans|28
MAHALLE-1000|Mahalle Harmanı 1 kg|1450||beans|40
ESPRESSO-250|İskele Espresso 250 g|440||beans|28
ESPRESSO-1000|İskele Espresso 1 kg|1520||beans|35
TURK-100|Türk Kahvesi, çok ince 100 g|190||beans|21
TURK-250|Türk Kahvesi, çok ince 250 g|410||beans|30
DIBEK-250|Dibek Kahvesi 250 g|430||beans|35
KAFEINSIZ-250|Gece Kafeinsiz 250 g|530||beans|40
CEZVE-BAKIR|Bakır Cezve, iki fincanlık|1150||equipment|
CEZVE-PIRINC|Pirinç Cezve, tek fincanlık|890||equipment|
MOKA-3|Moka Pot, üç fincanlık|1290|1490|equipment|
V60-SERAMIK|Seramik Damlatıcı 02|780||equipment|
FILTRE-100|Kâğıt Filtre 02, 100 adet|210||equipment|60
FRENCH-350|French Press 350 ml|940||equipment|
AERO|Hava Basınçlı Demleyici|1690||equipment|
DEGIRMEN-EL|El Değirmeni, çelik bıçak|2890|3290|equipment|
DEGIRMEN-PIRINC|Pirinç El Değirmeni|2290||equipment|
TERAZI|Süreölçerli Terazi|1750||equipment|
KETTLE|Kuğu Boyunlu Su Isıtıcısı|2490||equipment|
FINCAN-2|İki Fincan, İznik mavisi|690||gifts|
FINCAN-6|Altı Fincan, İznik mavisi|1890||gifts|
KUPA|Mahalle Kupası|390||gifts|
TERMOS|Yol Termosu 350 ml|1120||gifts|
LOKUM|Gül Lokumu 400 g|320||gifts|
CIKOLATA|Bitter Çikolatalı Kahve Çekirdeği|280||gifts|
TADIM-3|Tadım Kutusu, üç kahve|690||gifts|
HEDIYE-KUTU|Hediye Kutusu: kahve, fincan, lokum|1390||gifts|
HEDIYE-500|Hediye Kartı 500 TL|500||gifts|""".splitlines()
]
BY_SKU = {product[0]: product for product in PRODUCTS}
PRICE_LEVEL = {2023: 0.52, 2024: 0.68, 2025: 0.84, 2026: 1.0}
FIRST_RATES = {"EUR": (31.4, 52.6), "AZN": (17.0, 26.8), "GBP": (36.1, 60.2)}  # TRY for 1: at the start, at the end

TASTES = {
    "fruity": ["ETH-GUJI-250", "ETH-YIRGA-250", "KEN-NYERI-250", "RWA-KIVU-250", "ETH-GUJI-1000"],
    "nutty": ["COL-HUILA-250", "GTM-HUEHUE-250", "BRA-CERRADO-250", "MAHALLE-250", "BRA-CERRADO-1000"],
    "dark": ["ESPRESSO-250", "TURK-250", "TURK-100", "SUM-GAYO-250", "DIBEK-250", "ESPRESSO-1000"],
}
BY_THE_KILO = ["ESPRESSO-1000", "MAHALLE-1000", "BRA-CERRADO-1000", "COL-HUILA-1000"]
EQUIPMENT = [product[0] for product in PRODUCTS if product[4] == "equipment"]
GIFTS = [product[0] for product in PRODUCTS if product[4] == "gifts"]

# (month, day) of what people give presents for, in the years of the shop
HOLIDAYS = [date(y, m, d) for y in (2023, 2024, 2025, 2026) for m, d in ((12, 31), (2, 14))] + [
    date(2024, 4, 10), date(2025, 3, 30), date(2026, 3, 20),   # Ramazan Bayramı
    date(2024, 5, 12), date(2025, 5, 11), date(2026, 5, 10),   # Mother's Day
    date(2024, 3, 20), date(2025, 3, 20),                      # Novruz
]

NAMES = {
    "tr": ("""\
Ayşe Fatma Zeynep Elif Emine Merve Büşra Selin İrem Ceren Gülşah Şeyma Özge Çiğdem Işıl Defne Nazlı Ebru Mehmet
Mustafa Ahmet Emre Can Burak Kerem Oğuz İsmail Ömer Çağrı Görkem Umut Deniz Barış Kaan Tolga Şükrü""", """\
Yılmaz Kaya Demir Çelik Şahin Yıldız Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin Kara Koç Kurt Özkan
Şimşek Polat Korkmaz Çakır Erdoğan Güneş Işık Ünal Yalçın Uçar Bozkurt Taş"""),
    "az": ("""\
Aygün Günel Nigar Ləman Sevinc Aysel Türkan Nərmin Fidan Səbinə
Elçin Rəşad Orxan Tural Əli Kamran Vüsal Cavid Ülvi Şəhriyar""", """\
Əliyeva Məmmədova Hüseynova Quliyeva Həsənova İsmayılzadə Rəhimli Babayeva Cəfərli Kərimova"""),
    "en": ("""\
Anna James Sophie Oliver Emma Thomas Hannah Lukas Clara Felix Grace Daniel Maria Jonas Lucy Peter""", """\
Miller Schmidt Evans Weber Clarke Novak Fischer Hughes Keller Wright Meyer O'Brien"""),
}
MASCULINE = {"Elçin", "Rəşad", "Orxan", "Tural", "Əli", "Kamran", "Vüsal", "Cavid", "Ülvi", "Şəhriyar"}
PLACES = {
    "tr": [("TR", "Europe/Istanbul", "TRY")],
    "az": [("AZ", "Asia/Baku", "AZN")],
    "en": [("DE", "Europe/Berlin", "EUR"), ("GB", "Europe/London", "GBP"), ("TR", "Europe/Istanbul", "TRY")],
}
MAIL_HOSTS = ["posta.example", "mektup.example", "kutu.example", "mail.example", "elmek.example"]
ASCII = str.maketrans("çğıöşüəâİÇĞÖŞÜƏ'", "cgiosueaicgosue-")


@dataclass
class Person:
    """A customer and how they buy: the moments of their orders, and what usually lies in the basket."""

    email: str
    first_name: str
    last_name: str
    locale: str
    country: str
    timezone: str
    currency: str
    taste: str
    moments: list[datetime] = field(default_factory=list)
    baskets: str = "beans"
    channel: str = "web"
    since: datetime = OPENED


def main() -> None:
    people = [person for cohort in _cohorts() for person in cohort]
    DICE.shuffle(people)
    _write(HERE / "products.csv", PRODUCT_COLUMNS, map(_product_row, PRODUCTS))
    _write(HERE / "customers.csv", CUSTOMER_COLUMNS, map(_customer_row, people))
    _write(HERE / "orders.csv", ORDER_COLUMNS, _order_rows(people))
    _write(HERE.parents[1] / "data" / "rates.csv", ("day", "currency", "rate"), _rates())


def _cohorts() -> Iterator[list[Person]]:
    yield [_with_rhythm(_person(), gap=DICE.uniform(20, 36), months=DICE.uniform(6, 24)) for _ in range(205)]
    yield [_gone_quiet(_person()) for _ in range(240)]
    yield [_lost(_person()) for _ in range(170)]
    yield [_with_rhythm(_person(), gap=DICE.uniform(60, 120), months=DICE.uniform(10, 34)) for _ in range(210)]
    yield [_cafe(_person("tr")) for _ in range(24)]
    yield [_gone_quiet(_wholesale(_person("tr"))) for _ in range(11)]
    yield [_gift_giver(_person()) for _ in range(215)]
    yield [_once(_person(), youngest=16, oldest=1_090) for _ in range(754)]
    yield [_new_face(_person()) for _ in range(33)]
    yield [_never(_person()) for _ in range(138)]


def _person(locale: str = "") -> Person:
    locale = locale or DICE.choices(["tr", "az", "en"], [82, 12, 6])[0]
    first, last = (DICE.choice(words.split()) for words in NAMES[locale])
    if first in MASCULINE and last.endswith("va"):
        last = last.removesuffix("a")
    country, timezone, currency = DICE.choice(PLACES[locale])
    return Person(_address(first, last), first, last, locale, country, timezone, currency, _taste())


TAKEN: set[str] = set()


def _address(first: str, last: str) -> str:
    """Unique, of ASCII letters, on a host that can never exist."""
    name = f"{first}.{last}".translate(ASCII).lower()
    host = DICE.choice(MAIL_HOSTS)
    while f"{name}@{host}" in TAKEN:
        name = f"{name.rstrip('0123456789')}{DICE.randint(2, 999)}"
    TAKEN.add(f"{name}@{host}")
    return f"{name}@{host}"


def _taste() -> str:
    return DICE.choices(list(TASTES), [3, 4, 4])[0]


# How people buy ------------------------------------------------------------------------------------

def _with_rhythm(person: Person, gap: float, months: float) -> Person:
    """Backwards from a last order that is not late yet."""
    moment = NOW - timedelta(days=DICE.uniform(0.05, 0.95) * gap)
    start = max(OPENED, NOW - timedelta(days=30 * months))
    while moment > start:
        person.moments.append(_in_waking_hours(moment))
        moment -= timedelta(days=gap * DICE.uniform(0.75, 1.25))
    return person


def _gone_quiet(person: Person) -> Person:
    gap = DICE.uniform(22, 42)
    moment = NOW - timedelta(days=DICE.uniform(64, 300))
    for _ in range(DICE.randint(3, 11)):
        if moment > OPENED:
            person.moments.append(_in_waking_hours(moment))
        moment -= timedelta(days=gap * DICE.uniform(0.75, 1.25))
    return person


def _lost(person: Person) -> Person:
    moment = NOW - timedelta(days=DICE.uniform(370, 800))
    for _ in range(DICE.randint(2, 6)):
        if moment > OPENED:
            person.moments.append(_in_waking_hours(moment))
        moment -= timedelta(days=DICE.uniform(25, 70))
    return person


def _cafe(person: Person) -> Person:
    person = _with_rhythm(_wholesale(person), gap=DICE.uniform(9, 20), months=DICE.uniform(6, 20))
    person.moments = person.moments[:30]
    return person


def _wholesale(person: Person) -> Person:
    person.baskets, person.channel = "kilos", "wholesale"
    person.email = person.email.replace("@", ".kafe@")
    return person


def _gift_giver(person: Person) -> Person:
    person.baskets = "gifts"
    for day in DICE.sample(HOLIDAYS, DICE.choices([1, 2, 3], [6, 3, 1])[0]):
        moment = datetime(day.year, day.month, day.day) - timedelta(days=DICE.randint(3, 14))  # noqa: DTZ001
        if OPENED < moment < NOW:
            person.moments.append(_in_waking_hours(moment))
    return person


def _once(person: Person, youngest: int, oldest: int) -> Person:
    person.moments = [_in_waking_hours(NOW - timedelta(days=DICE.uniform(youngest, oldest)))]
    person.baskets = DICE.choices(["beans", "gifts", "start"], [6, 2, 2])[0]
    return person


def _new_face(person: Person) -> Person:
    person = _once(person, youngest=1, oldest=13)
    person.channel = DICE.choice(["instagram", "web"])
    return person


def _never(person: Person) -> Person:
    person.since = NOW - timedelta(days=DICE.uniform(5, 900))
    return person


def _in_waking_hours(moment: datetime) -> datetime:
    at = moment.replace(hour=DICE.choice([8, 9, 10, 11, 12, 13, 14, 16, 18, 20, 21, 21, 22, 22, 23]),
                        minute=DICE.randrange(60), second=0, microsecond=0)
    return at if at < NOW else at - timedelta(days=1)


# Rows ----------------------------------------------------------------------------------------------

PRODUCT_COLUMNS = ("sku", "name", "url", "image_url", "price", "compare_at", "stock", "category", "usual_gap_days")


def _product_row(product: list[str]) -> tuple[object, ...]:
    sku, name, price, compare_at, category, gap = product
    return sku, name, f"https://kahve.example/{sku.lower()}", "", f"{price}.00", compare_at and f"{compare_at}.00", \
        DICE.randint(4, 120), category, gap


CUSTOMER_COLUMNS = ("email", "first_name", "last_name", "locale", "timezone", "country", "birthday",
                    "consent", "consent_at", "consent_source", "taste", "loyalty_card")


def _customer_row(person: Person) -> tuple[object, ...]:
    first = min(person.moments, default=person.since)
    said = DICE.choices(["yes", "no", ""], [86, 5, 9])[0]
    source = DICE.choice(["checkout", "checkout", "newsletter", "coffee fair"])
    named = DICE.random() > 0.05
    return (
        person.email, person.first_name if named else "", person.last_name if named else "",
        person.locale if DICE.random() > 0.06 else "", person.timezone, person.country, _birthday(), said,
        f"{first + timedelta(minutes=2):%Y-%m-%d %H:%M}" if said else "", source if said else "",
        person.taste if DICE.random() > 0.4 else "",
        f"MK-{DICE.randint(10_000, 99_999)}" if len(person.moments) > 5 and DICE.random() > 0.5 else "",
    )


def _birthday() -> str:
    """Most never told us; some told the day and not the year."""
    day = date(1958, 1, 1) + timedelta(days=DICE.randrange(17_000))
    return DICE.choices(["", f"{day:%Y-%m-%d}", f"--{day:%m-%d}"], [70, 24, 6])[0]


ORDER_COLUMNS = ("order_id", "ordered_at", "email", "sku", "product", "category", "quantity", "unit_price",
                 "currency", "status", "cancelled_at", "coupon", "channel")


def _order_rows(people: list[Person]) -> Iterator[tuple[object, ...]]:
    orders = sorted(((moment, person) for person in people for moment in person.moments),
                    key=lambda order: (order[0], order[1].email))
    for number, (moment, person) in enumerate(orders, 10_001):
        status = DICE.choices(["paid", "cancelled", "unpaid"], [970, 20, 10])[0]
        if moment > NOW - timedelta(days=14):
            status = "paid"
        cancelled_at = f"{moment + timedelta(hours=5):%Y-%m-%d %H:%M}" if status == "cancelled" else ""
        coupon = _coupon(moment, first=moment == min(person.moments))
        lines = [(sku, _quantity(person, sku)) for sku in _basket(person)]
        for sku, quantity in lines:
            yield (number, f"{moment:%Y-%m-%d %H:%M}", person.email, sku, BY_SKU[sku][1], BY_SKU[sku][4], quantity,
                   _price(sku, person.currency, moment), person.currency, status, cancelled_at, coupon, person.channel)
        if status == "paid" and len(lines) > 1 and DICE.random() < 0.012 and moment < NOW - timedelta(days=30):
            sku, quantity = lines[-1]
            yield (f"R{number}", f"{moment + timedelta(days=9):%Y-%m-%d %H:%M}", person.email, sku, BY_SKU[sku][1],
                   BY_SKU[sku][4], -quantity, _price(sku, person.currency, moment), person.currency, "paid", "", "",
                   person.channel)


def _basket(person: Person) -> list[str]:
    if person.baskets == "kilos":
        return DICE.sample(BY_THE_KILO, DICE.randint(1, 2))
    if person.baskets == "gifts":
        return DICE.sample(GIFTS, DICE.choices([1, 2], [7, 3])[0])
    if person.baskets == "start":
        return [DICE.choice(EQUIPMENT), DICE.choice(TASTES[person.taste])]
    favourite, *others = TASTES[person.taste]
    basket = [favourite if DICE.random() < 0.45 else DICE.choice(others)]
    extras = [(0.22, others), (0.07, EQUIPMENT), (0.05, GIFTS), (0.04, ["KAFEINSIZ-250"])]
    basket += [DICE.choice(choices) for chance, choices in extras if DICE.random() < chance]
    return list(dict.fromkeys(basket))


def _quantity(person: Person, sku: str) -> int:
    if person.baskets == "kilos":
        return DICE.randint(3, 10)
    return DICE.choices([1, 2, 3], [12, 4, 1])[0] if BY_SKU[sku][4] == "beans" else 1


def _coupon(moment: datetime, *, first: bool) -> str:
    if first and DICE.random() < 0.3:
        return "ILK10"
    return "YILBASI10" if moment.month == 12 and DICE.random() < 0.25 else ""


def _price(sku: str, currency: str, moment: datetime) -> str:
    """Of that year, in whole steps of five; abroad at a round price."""
    lira = 5 * round(int(BY_SKU[sku][2]) * PRICE_LEVEL[moment.year] / 5)
    if currency == "TRY":
        return f"{lira}.00"
    return f"{round(2 * int(BY_SKU[sku][2]) / FIRST_RATES[currency][1]) / 2:.2f}"


def _rates() -> Iterator[tuple[str, str, str]]:
    """Every Monday: an order counts at the latest rate on or before its day."""
    monday, last = date(2023, 11, 13), NOW.date()
    weeks = (last - monday).days // 7
    for week in range(weeks + 1):
        for currency, (first, final) in FIRST_RATES.items():
            rate = first + (final - first) * week / weeks + DICE.uniform(-0.15, 0.15)
            yield f"{monday + timedelta(weeks=week)}", currency, f"{rate:.4f}"


def _write(path: Path, columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
