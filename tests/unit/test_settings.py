"""Settings are checked whole, wrong ones are all named at once, and secrets never show."""

import pytest

from regulars.bootstrap import House
from regulars.errors import RegularsError, SettingsError
from regulars.settings import read_settings

SECRET = "a-secret-of-more-than-sixteen-letters"
PRODUCTION = {
    "REGULARS_DATABASE_URL": "postgresql://regulars:hunter2@db.example/regulars",
    "REGULARS_BROKER_URL": "redis://:hunter2@queue.example/0",
    "REGULARS_MAIL_URL": "smtp://me%40shop.example:hunter2@relay.example:587?tls=starttls&connections=20&dot_timeout=300&lease=30&command_timeout=20&per_connection=50",
    "REGULARS_BASE_URL": "https://mail.shop.example/",
    "REGULARS_SECRET": SECRET,
}


def problems(**environment):
    with pytest.raises(SettingsError) as caught:
        read_settings("/srv/shop", {"REGULARS_SECRET": SECRET, **environment})
    return caught.value.problems


def test_nothing_set_is_the_embedded_mode_with_a_secret_of_its_own(tmp_path):
    settings = read_settings(str(tmp_path), {})

    assert settings.is_embedded
    assert settings.database_url == f"sqlite:///{tmp_path}/.regulars/regulars.db"
    assert settings.mail.folder == str(tmp_path / ".regulars/outbox")
    assert read_settings(str(tmp_path), {}).keys == settings.keys
    assert (tmp_path / ".regulars/secret").stat().st_mode & 0o777 == 0o600


def test_production_is_read_as_written():
    settings = read_settings("/srv/shop", PRODUCTION)

    assert settings.database_url == "postgresql+psycopg://regulars:hunter2@db.example/regulars"
    assert (settings.mail.user, settings.mail.password) == ("me@shop.example", "hunter2")
    assert (settings.mail.tls, settings.mail.connections, settings.mail.dot_timeout, settings.mail.lease) == ("starttls", 20, 300, 30)
    assert (settings.mail.command_timeout, settings.mail.per_connection) == (20, 50)
    assert settings.base_url == "https://mail.shop.example"
    assert settings.base_is_public
    assert not settings.is_embedded


def test_no_secret_shows_in_any_text():
    settings = read_settings("/srv/shop", PRODUCTION)

    assert "hunter2" not in f"{settings!r} {settings.mail!r} {settings.mail} {settings.keys!r}"
    assert SECRET not in f"{settings!r} {settings.keys!r} {settings.keys.newest!r}"


def test_all_problems_come_at_once():
    found = problems(
        REGULARS_DATABASE_URL="mysql://x", REGULARS_BROKER_URL="amqp://x", REGULARS_MAIL_URL="http://x",
        REGULARS_BASE_URL="mail.shop.example", REGULARS_NOW="yesterday", REGULARS_SECRET="short",
    )

    assert [problem.split()[0] for problem in found] == [
        "REGULARS_DATABASE_URL", "REGULARS_BROKER_URL", "REGULARS_MAIL_URL", "REGULARS_BASE_URL", "REGULARS_NOW", "REGULARS_SECRET",
    ]


def test_a_problem_never_repeats_a_password():
    assert "hunter2" not in "".join(problems(REGULARS_DATABASE_URL="mysql://u:hunter2@h/d", REGULARS_BROKER_URL="amqp://:hunter2@h"))


def test_production_needs_a_secret():
    with pytest.raises(SettingsError, match="REGULARS_SECRET is missing"):
        read_settings("/srv/shop", {**PRODUCTION, "REGULARS_SECRET": ""})


@pytest.mark.parametrize(("url", "complaint"), [
    ("smtp://", "host is missing"),
    ("smtp://relay.example?tls=maybe", "tls=maybe"),
    ("smtp://relay.example?conections=3", "unknown option 'conections'"),
    ("smtp://relay.example?connections=0", "connections=0"),
    ("smtp://relay.example:port", "REGULARS_MAIL_URL"),
    ("ses://", "use ses://REGION"),
    ("ses://AKIAEXAMPLE:secret@eu-west-1", "the machine's role"),
    ("ses://eu-west-1?tls=none", "unknown option 'tls'"),
])
def test_a_wrong_mail_url_is_explained(url, complaint):
    [problem] = problems(REGULARS_MAIL_URL=url)

    assert complaint in problem


@pytest.mark.parametrize(("url", "tls", "port"), [
    ("smtp://relay.example", "starttls", 587), ("smtps://relay.example", "implicit", 465), ("smtp://127.0.0.1", "none", 25),
    ("smtp://relay.example:2525?tls=implicit", "implicit", 2525),
])
def test_a_public_relay_is_never_spoken_to_in_the_clear_by_default(url, tls, port):
    mail = read_settings("/srv/shop", {"REGULARS_SECRET": SECRET, "REGULARS_MAIL_URL": url}).mail

    assert (mail.tls, mail.port) == (tls, port)


def test_amazon_ses_is_named_by_its_region():
    url = "ses://eu-west-1?connections=20&configuration_set=sales"
    mail = read_settings("/srv/shop", {"REGULARS_SECRET": SECRET, "REGULARS_MAIL_URL": url}).mail

    assert (mail.scheme, mail.host, mail.connections, mail.configuration_set, mail.dot_timeout) == ("ses", "eu-west-1", 20, "sales", 60)
    assert (str(mail), mail.is_local) == ("ses://eu-west-1", False)


def test_a_shop_is_named_with_its_key_which_is_never_shown():
    settings = read_settings("/srv/shop", {
        **PRODUCTION, "REGULARS_SHOPIFY_ADMIN": "https://shpat_hunter2@kahve.example?version=2027-01",
        "REGULARS_WOOCOMMERCE_API": "https://ck_hunter2:cs_hunter2@kahve.example/shop/",
    })

    assert (settings.shopify_admin.url, settings.shopify_admin.user, settings.shopify_admin.version) == ("https://kahve.example", "", "2027-01")
    assert settings.shopify_admin.key == "shpat_hunter2"
    assert (settings.woocommerce_api.url, settings.woocommerce_api.user) == ("https://kahve.example/shop", "ck_hunter2")
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize("url", [
    "kahve.example", "https://kahve.example", "http://shpat_hunter2@kahve.example", "https://shpat_hunter2@kahve.example:port", "https://shpat_hunter2@kahve.example?v=1",
    "https://shpat_hunter2@",
])
def test_a_shop_without_https_or_a_key_is_explained(url):
    [problem] = problems(REGULARS_SHOPIFY_ADMIN=url)

    assert problem.startswith("REGULARS_SHOPIFY_ADMIN")
    assert "hunter2" not in problem


def test_a_false_clock_is_refused_while_mail_goes_to_the_world():
    assert "false clock" in problems(REGULARS_NOW="2026-11-20T09:00:00Z", REGULARS_MAIL_URL="smtp://relay.example")[0]


def test_wrong_settings_cannot_be_swallowed_by_what_retries():
    assert not issubclass(SettingsError, RegularsError)


def test_a_rotated_ring_keeps_its_old_keys():
    ring = read_settings("/srv/shop", {"REGULARS_SECRET": f"a-newer-secret-of-some-length,{SECRET}"}).keys

    assert ring.newest.secret == b"a-newer-secret-of-some-length"
    assert ring.keys[1].secret == SECRET.encode()


def test_the_environment_has_a_name_that_no_typing_mistake_resembles():
    assert read_settings("/srv/shop", {**PRODUCTION, "REGULARS_ENVIRONMENT": "staging-2"}).environment == "staging-2"
    assert read_settings("/srv/shop", PRODUCTION).environment == ""
    assert "REGULARS_ENVIRONMENT" in problems(REGULARS_ENVIRONMENT="Production ")[0]


def test_only_to_that_names_nobody_is_a_mistake_and_not_everybody():
    """A compose file with REGULARS_ONLY_TO: "${ONLY_TO}" and no such variable must not write to all customers."""
    assert str(read_settings("/srv/shop", {**PRODUCTION, "REGULARS_ONLY_TO": "*@shop.example"}).only_to) == "*@shop.example"
    assert not read_settings("/srv/shop", PRODUCTION).only_to
    assert problems(REGULARS_ONLY_TO="")[0].startswith("REGULARS_ONLY_TO: it is set and names nobody")


def test_each_relay_has_a_variable_of_its_own_and_all_of_them_are_checked():
    settings = read_settings("/srv/shop", {
        **PRODUCTION, "REGULARS_MAIL_URL_RECEIPTS": "smtps://me:hunter2@receipts.example", "REGULARS_MAIL_URL_SPARE": "",
    })

    assert {name: mail.host for name, mail in settings.mails.items()} == {
        "REGULARS_MAIL_URL": "relay.example", "REGULARS_MAIL_URL_RECEIPTS": "receipts.example",
    }
    assert "hunter2" not in repr(settings)
    assert [problem.split(":")[0].split()[0] for problem in problems(
        REGULARS_MAIL_URL="http://x", REGULARS_MAIL_URL_BULK="smtp://", REGULARS_MAIL_URL_RECEIPTS="smtp://h.example?connections=none",
    )] == ["REGULARS_MAIL_URL", "REGULARS_MAIL_URL_BULK", "REGULARS_MAIL_URL_RECEIPTS"]


def test_a_false_clock_is_refused_for_any_public_relay():
    assert "mail goes to smtp://relay.example" in problems(
        REGULARS_NOW="2026-11-20T09:00:00Z", REGULARS_MAIL_URL_BULK="smtp://relay.example",
    )[0]


@pytest.mark.parametrize(("mails", "relay"), [
    ({"": "smtp://user:secret@mail.example"}, "smtp://mail.example:587"),
    ({"": "smtp://mail.example", "_BULK": "smtp://bulk.example"}, "smtp://mail.example:587"),
    ({"_BULK": "smtp://bulk.example"}, "smtp://bulk.example:587"),
    ({"_BULK": "smtp://bulk.example", "_QUICK": "smtp://quick.example"}, None),
    ({}, None),
])
def test_the_relays_log_is_that_of_the_general_address_or_of_the_only_one(mails, relay):
    variables = {f"REGULARS_MAIL_URL{name}": url for name, url in mails.items()}

    assert read_settings("/srv/shop", {"REGULARS_SECRET": SECRET, **variables}).logged_relay == relay


@pytest.mark.parametrize("url", ["spool:outbox", "spool:", "smtp://user:secret@127.0.0.1:2525", "smtps://mail.example"])
def test_a_transport_gives_its_address_as_the_settings_do_and_no_password(url):
    surroundings = {"REGULARS_SECRET": SECRET, "REGULARS_MAIL_URL": url, "REGULARS_BASE_URL": "https://mail.shop.example"}
    house = House(read_settings("/srv/shop", surroundings))
    mail = house.settings.mail

    assert house._relay_at(mail).address == str(mail)
    assert "secret" not in str(mail)


def test_tokens_of_feeds_are_kept_by_their_variables_and_never_shown():
    settings = read_settings("/srv/shop", {**PRODUCTION, "REGULARS_FEED_TOKEN": " hunter2 ", "REGULARS_FEED_TOKEN_STOCK": "hunter22"})

    assert settings.feed_tokens == {"REGULARS_FEED_TOKEN": "hunter2", "REGULARS_FEED_TOKEN_STOCK": "hunter22"}
    assert "hunter2" not in repr(settings)
    [problem] = problems(REGULARS_FEED_TOKEN="two\r\nlines")
    assert problem.startswith("REGULARS_FEED_TOKEN is no token")
    assert "lines" not in problem


def test_the_secrets_of_webhooks_are_rings_and_never_shown():
    settings = read_settings("/srv/shop", {"REGULARS_SECRET": SECRET, "REGULARS_SHOPIFY_SECRET": f"new-{SECRET}, old-{SECRET}"})

    assert (settings.shopify_secrets, settings.woocommerce_secrets) == ((f"new-{SECRET}", f"old-{SECRET}"), ())
    assert SECRET not in repr(settings)
    [problem] = problems(REGULARS_WOOCOMMERCE_SECRET="short")
    assert problem.startswith("REGULARS_WOOCOMMERCE_SECRET holds a secret of fewer than 16 characters")
