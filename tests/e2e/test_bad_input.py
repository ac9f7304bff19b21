"""What bad input gets: a sentence that names the thing and the way out, the right exit code, and nothing half done."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlsplit

import pytest

from tests.commands import ROOT, Door, Regulars
from tests.relay import PASSWORD, USER, RelayServer
from tests.servers import free_port

FINDINGS, USAGE, WORLD, REFUSED = 1, 2, 3, 4
CUSTOMERS = "email,first_name,consent\n"
ORDERS = "order_id,ordered_at,email,sku,quantity,unit_price,currency\n"
TLS = ROOT / "tests" / "integration" / "tls"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 8

Mischief = Callable[[Regulars], object]


@dataclass(frozen=True)
class Case:
    """`words` typed after `mischief`; each of `said` is on stderr (findings of `check`: on stdout)."""

    name: str
    words: str
    code: int
    said: tuple[str, ...]
    mischief: Mischief = lambda regulars: None
    environment: tuple[tuple[str, str], ...] = ()


def file(path: str, content: str | bytes) -> Mischief:
    return lambda regulars: regulars.write(path, content)


def setting(**environment: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"REGULARS_{name.upper()}", value) for name, value in environment.items())


def template(markup: str) -> Mischief:
    return file("templates/welcome.mjml", f"<mjml><mj-body><mj-section><mj-column><mj-text>{markup}</mj-text></mj-column></mj-section></mj-body></mjml>")


def segment(text: str) -> Mischief:
    return file("segments/trouble.yaml", text)


WORKSPACE = [
    Case("a file that is no YAML", "plan win-back", FINDINGS, ("segments/trouble.yaml:", "regulars check"), segment("segment: [\nwhere: }")),
    Case("a billion laughs", "check", FINDINGS, ("segments/trouble.yaml:", "alias"),
         segment("segment: trouble\nwhere: [&a [x, x], &b [*a, *a], &c [*b, *b], &d [*c, *c]]\n")),
    Case("a tag that runs code elsewhere", "check", FINDINGS, ("segments/trouble.yaml:2:8", "tag"),
         segment("segment: trouble\nwhere: !!python/object/apply:os.system ['touch hacked']\n")),
    Case("a hundred thousand brackets", "check", FINDINGS, ("segments/trouble.yaml:", "deep"), segment("where: " + "[" * 100_000)),
    Case("two megabytes of YAML", "check", FINDINGS, ("segments/trouble.yaml", "2,000,002 bytes", "split it"), segment("# " + "x" * 2_000_000)),
    Case("a binary file named .yaml", "check", FINDINGS, ("segments/trouble.yaml", "UTF-8"), file("segments/trouble.yaml", PNG)),
    Case("YAML in a Turkish encoding", "check", FINDINGS, ("segments/trouble.yaml", "UTF-8"),
         file("segments/trouble.yaml", 'segment: trouble\ndescription: "Şişli"\n'.encode("cp1254"))),
    Case("a shop without its file", "plan win-back", USAGE, ("there is no regulars.yaml", "regulars init"),
         lambda regulars: (regulars.folder / "regulars.yaml").unlink()),
    Case("an empty shop", "plan win-back", FINDINGS, ("regulars.yaml",), file("regulars.yaml", "")),
    Case("a template that is not closed", "launch welcome --yes", FINDINGS, ("templates/welcome.mjml:",), template("{% if customer.first_name %}")),
    Case("a template that is no MJML", "launch welcome --yes", FINDINGS, ("templates/welcome.mjml:",), file("templates/welcome.mjml", "<mjml><mj-body><mj-sect")),
    Case("a template that reaches for Python", "launch welcome --yes", FINDINGS, ("templates/welcome.mjml:",),
         template("{{ ''.__class__.__mro__[1].__subclasses__() }}")),
    Case("a template that never ends", "launch welcome --yes", FINDINGS, ("templates/welcome.mjml:",),
         template("{% for a in range(999999999) %}{% for b in range(999999999) %}x{% endfor %}{% endfor %}")),
    Case("a template that grows without end", "launch welcome --yes", FINDINGS, ("templates/welcome.mjml:",), template("{{ 'x' * 9999999999 }}")),
    Case("a template that reads other files", "launch welcome --yes", FINDINGS, ("templates/welcome.mjml:",),
         file("templates/welcome.mjml", '<mjml><mj-body><mj-include path="../../../../../etc/passwd" /></mj-body></mjml>')),
    Case("a template that includes itself", "launch welcome --yes", FINDINGS, ("templates/welcome.mjml:",),
         file("templates/welcome.mjml", '<mjml><mj-body><mj-include path="welcome.mjml" /></mj-body></mjml>')),
    Case("a template that is not there", "launch welcome --yes", FINDINGS, ("campaigns/welcome.yaml:", "welcome.mjml"),
         lambda regulars: (regulars.folder / "templates" / "welcome.mjml").unlink()),
]

FILES = [
    Case("no such file", "import customers nobody.csv", USAGE, ("there is no file nobody.csv",)),
    Case("a folder", "import orders data", USAGE, ("data is a folder",)),
    Case("an encoding nobody knows", "import customers bad.csv --encoding klingon", USAGE, ('no encoding "klingon"', "cp1254"), file("bad.csv", CUSTOMERS)),
    Case("a picture", "import customers bad.csv", USAGE, ("bad.csv", "not UTF-8"), file("bad.csv", PNG)),
    Case("zeros", "import customers bad.csv", USAGE, ("bad.csv",), file("bad.csv", b"\0" * 5000)),
    Case("nothing", "import customers bad.csv", USAGE, ("bad.csv has no header",), file("bad.csv", "")),
    Case("no address column", "import customers bad.csv", USAGE, ("email", "--map"), file("bad.csv", "mail address,first_name\na@posta.example,Ada\n")),
    Case("no order numbers", "import orders bad.csv", USAGE, ("order_id", "--map"), file("bad.csv", "ordered_at,email\n2026-01-01,a@posta.example\n")),
    Case("a column that is not there", "import customers bad.csv --map email=Adres", USAGE, ("Adres",), file("bad.csv", CUSTOMERS)),
    Case("a field that is not there", "import customers bad.csv --map emial=email", USAGE, ("emial",), file("bad.csv", CUSTOMERS)),
    Case("half a --map", "import customers bad.csv --map email", USAGE, ("--map FIELD=COLUMN",), file("bad.csv", CUSTOMERS)),
    Case("one endless line", "import customers bad.csv", USAGE, ("bad.csv:2", "longer"), file("bad.csv", CUSTOMERS + "x" * 1_500_000)),
    Case("rows that are none", "import orders bad.csv", FINDINGS, ("line 2: ", "line 3: ", "line 4: "),
         file("bad.csv", ORDERS + "1,yesterday,a@posta.example,S,1,1,TRY\n2,2026-01-01,no address,S,1,1,TRY\n3,2026-01-01,a@posta.example,S,many,1,TRY\n")),
]

NAMES = [
    Case("unknown campaign", "launch winback --yes", USAGE, ('did you mean "win-back"?',)),
    Case("unknown campaign to plan", "plan wellcome", USAGE, ('did you mean "welcome"?',)),
    Case("unknown campaign to report", "report winback", USAGE, ("win-back",)),
    Case("unknown segment", "segments show slipping", USAGE, ("slipping-away",)),
    Case("unknown day", "segments show vip --at yesterday", USAGE, ("yesterday",)),
    Case("a day before all shops", "segments show vip --at 0001-01-01", USAGE, ("0001-01-01", "1970")),
    Case("a day after all shops", "segments show vip --at 9999-12-31", USAGE, ("9999-12-31", "2199")),
    Case("a second workspace in the same folder", "init .", REFUSED, ("there is a workspace", "empty folder")),
    Case("a workspace below a file", "init regulars.yaml", WORLD, ("regulars.yaml", "another folder")),
    Case("unknown launch", "resume 7", USAGE, ('no launch "7"',)),
    Case("unknown launch to watch", "status 99999999999999999999", USAGE, ("no launch",)),
    Case("unknown customer", "scores show nobody@posta.example", USAGE, ("nobody@posta.example",)),
    Case("no address at all", "customers show nobody", USAGE, ("nobody",)),
    Case("no address to suppress", "suppress add nobody", USAGE, ("nobody",)),
    Case("a segment with nobody in it", "launch welcome --yes", REFUSED, ("nobody is in new-customers now", "segments show new-customers"),
         file("segments/new_customers.yaml", 'segment: new-customers\nwhere:\n  customer.city: "Atlantis"\n')),
    Case("a test mail to no address", "launch win-back --test-to nobody", USAGE, ("nobody",)),
    Case("a limit of nothing", "launch win-back --yes --limit 0", USAGE, ("--limit",)),
]

SETTINGS = [
    Case("all at once", "status", WORLD, ("REGULARS_DATABASE_URL", "REGULARS_BROKER_URL", "REGULARS_MAIL_URL", "REGULARS_BASE_URL",
                                          "REGULARS_NOW", "REGULARS_SECRET"),
         environment=setting(database_url="mysql://h/d", broker_url="amqp://h", mail_url="carrier:pigeon", base_url="shop", now="soon", secret="short")),
    Case("a port that is none", "status", WORLD, ("REGULARS_DATABASE_URL",), environment=setting(database_url="postgresql://u:hushhush@h:many/d", secret="x" * 20)),
    Case("a relay's port that is none", "status", WORLD, ("REGULARS_MAIL_URL",), environment=setting(mail_url="smtp://u:hushhush@h:many")),
    Case("a broker's port that is none", "status", WORLD, ("REGULARS_BROKER_URL",), environment=setting(broker_url="redis://:hushhush@h:many", secret="x" * 20)),
    Case("an address that is none", "status", WORLD, ("REGULARS_BASE_URL",), environment=setting(base_url="http://[::1")),
    Case("a relay's address that is none", "status", WORLD, ("REGULARS_MAIL_URL",), environment=setting(mail_url="smtp://u:hushhush@[::1")),
    Case("a base with a port that is none", "status", WORLD, ("REGULARS_BASE_URL",), environment=setting(base_url="http://h:many")),
    Case("a clock before all shops", "status", WORLD, ("REGULARS_NOW", "1970"), environment=setting(now="0001-01-01T00:00:00Z")),
    Case("no secret for many machines", "status", WORLD, ("REGULARS_SECRET is missing", "token_urlsafe"), environment=setting(broker_url="redis://127.0.0.1:1/0")),
    Case("links that lead nowhere", "launch win-back --yes", REFUSED, ("REGULARS_BASE_URL", "https"),
         environment=setting(mail_url="smtp://u:hushhush@relay.example:587", now="")),
    Case("a false clock and real mail", "launch win-back --yes", WORLD, ("REGULARS_NOW", "loopback"), environment=setting(mail_url="smtp://relay.example:587")),
]

DATABASES = [
    Case("no PostgreSQL there", "status", WORLD, ("the database does not answer", "REGULARS_DATABASE_URL"),
         environment=setting(database_url="postgresql://u:hushhush@127.0.0.1:1/d", secret="x" * 20)),
    Case("a database below a file", "status", WORLD, ("regulars.yaml", "REGULARS_DATABASE_URL"), environment=setting(database_url="sqlite:///regulars.yaml/x.db")),
    Case("a place that takes no files", "status", WORLD, ("REGULARS_DATABASE_URL",), environment=setting(database_url="sqlite:////proc/x.db")),
    Case("a folder that cannot be made", "status", WORLD, ("REGULARS_DATABASE_URL",), environment=setting(database_url="sqlite:////proc/none/x.db")),
    Case("a file that is no database", "status", WORLD, ("not a database", "REGULARS_DATABASE_URL"), environment=setting(database_url="sqlite:///customers.csv")),
    Case("a folder for a database", "status", WORLD, ("REGULARS_DATABASE_URL",), environment=setting(database_url="sqlite:///data")),
]


@pytest.mark.parametrize("case", [*WORKSPACE, *FILES, *NAMES, *SETTINGS, *DATABASES], ids=lambda case: case.name)
def test_bad_input_gets_a_sentence_and_changes_nothing(regulars: Regulars, case: Case):
    case.mischief(regulars)
    before = regulars.rows()
    ran = regulars(*case.words.split(), code=case.code, **dict(case.environment))
    talk = ran.err + (ran.out if case.words == "check" else "")

    for said in case.said:
        assert said in talk
    assert "hushhush" not in talk
    assert len(talk) < 10_000
    assert regulars.rows() == before
    assert regulars.outbox == []
    assert not (regulars.folder / "hacked").exists()


def test_one_bad_row_does_not_cost_the_good_ones(regulars: Regulars):
    regulars.write("some.csv", CUSTOMERS + "good@posta.example,Good,yes\nbad,Bad,yes\nfine@posta.example,Fine,perhaps\n")
    ran = regulars("import", "customers", "some.csv", "--json")

    assert ran.json["imported"] == 1
    assert [row["line"] for row in ran.json["rejected"]] == [3, 4]


def test_without_its_relay_a_launch_waits_and_goes_on_later(regulars: Regulars):
    port = free_port()
    nobody_there = {"REGULARS_MAIL_URL": f"smtp://127.0.0.1:{port}"}
    stopped = regulars("launch", "win-back", "--yes", code=3, **nobody_there)

    assert f"127.0.0.1:{port}" in stopped.err
    assert "regulars resume" in stopped.err
    assert regulars("status", "1", "--json").json["counts"] == {"pending": 26}

    with RelayServer(port=port) as relay:
        assert regulars("resume", "1", "--json", now="2026-11-20T10:00:00Z", **nobody_there).json["counts"] == {"accepted": 26}
    assert len({mail.recipient for mail in relay.arrived}) == len(relay.arrived) == 26


def test_an_outbox_that_cannot_be_made_costs_nothing(regulars: Regulars):
    stopped = regulars("launch", "win-back", "--yes", code=3, REGULARS_MAIL_URL="spool:regulars.yaml/outbox")

    assert "regulars.yaml/outbox cannot be written to" in stopped.err
    assert "REGULARS_MAIL_URL" in stopped.err
    assert "regulars resume 1" in stopped.err
    assert regulars("status", "1", "--json").json["counts"] == {"pending": 26}


def test_a_state_folder_that_cannot_be_made_is_named(bare: Regulars):
    bare.write(".regulars", "a file is in the way")

    assert ".regulars" in bare("status", code=3).err


def test_why_says_that_nobody_has_the_address(regulars: Regulars):
    assert "nobody with this address is known" in regulars("why", "win-back", "nobody@posta.example").out


def test_a_wrong_password_is_said_and_not_shown(regulars: Regulars):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / "localhost.pem", TLS / "localhost.key")
    with RelayServer(tls=context, must_sign_in=True) as relay:
        url = f"smtp://{USER}:hushhush@localhost:{relay.port}?tls=starttls"
        stopped = regulars("launch", "win-back", "--yes", code=3, REGULARS_MAIL_URL=url, SSL_CERT_FILE=str(TLS / "localhost.pem"))

    assert "password" in stopped.err
    assert "REGULARS_MAIL_URL" in stopped.err
    assert "hushhush" not in stopped.err
    assert PASSWORD not in stopped.err
    assert relay.arrived == []
    assert regulars("status", "1", "--json", code=1).json["counts"] == {"pending": 26}


def test_without_its_broker_a_launch_says_who_will_find_it(regulars: Regulars):
    nobody_there = {"REGULARS_BROKER_URL": "redis://:hushhush@127.0.0.1:1/0", "REGULARS_SECRET": "a secret of the tests"}
    launched = regulars("launch", "win-back", "--yes", **nobody_there)
    doctor = regulars("doctor", code=3, **nobody_there)

    assert "the broker does not answer" in launched.err
    assert "sweep" in launched.err
    assert regulars("status", "1", "--json", **nobody_there).json["counts"] == {"pending": 26}
    assert "BAD  broker" in doctor.out
    assert "REGULARS_BROKER_URL" in doctor.out
    assert "hushhush" not in launched.err + doctor.out + doctor.err


def test_forged_foreign_and_broken_links_lead_to_the_front_page_and_count_nothing(regulars: Regulars):
    regulars("launch", "win-back", "--yes", "--limit", "2")
    mine, other = (links(mail) for mail in regulars.mails().values())
    with closing(_Watch(regulars)) as watch, regulars.door(now="2026-11-20T12:00:00Z") as door:
        for kind in "cup":
            for wrong in broken(mine, other, kind):
                watch.leads_to_the_front_page(door, wrong)
        for wrong in broken(mine, other, "o"):
            assert door.get(wrong).headers["content-type"] == "image/gif"
        for wrong in broken(mine, other, "u"):
            door.post(wrong, b"List-Unsubscribe=One-Click")
        assert door.get("/c/../../etc/passwd").status in {302, 404}
        assert door.get("/outbox/../../regulars.db").status == 404
        assert door.get("/i/..%2F..%2Fregulars.yaml").status == 404
        watch.nothing_happened()


def test_a_body_of_two_megabytes_is_too_large(regulars: Regulars):
    regulars("launch", "win-back", "--yes", "--limit", "1")
    [mail] = regulars.mails().values()
    with closing(_Watch(regulars)) as watch, regulars.door(now="2026-11-20T12:00:00Z") as door:
        for path in (links(mail)["u"], "/healthz", "/c/x/y", "/"):
            assert door.post(path, b"sure=yes&x=" + b"x" * 2_000_000).status == 413
        assert door.get("/healthz").status == 200
        watch.nothing_happened()


class _Watch:
    """Remembers how the database was."""

    def __init__(self, regulars: Regulars) -> None:
        self.regulars = regulars
        self.before = regulars.rows()

    def leads_to_the_front_page(self, door: Door, url: str) -> None:
        answer = door.get(url)

        assert (answer.status, answer.headers["location"]) == (302, "https://kahve.example"), url

    def nothing_happened(self) -> None:
        assert self.regulars.rows() == self.before

    def close(self) -> None:
        self.nothing_happened()


def links(mail) -> dict[str, str]:
    """One letter of each kind of link -> the first of it."""
    page = mail.get_body(("html",)).get_content()
    urls = [unescape(url) for url in re.findall(r'(?:href|src)="(http[^"]+)"', page)]
    return {kind: next((url for url in urls if urlsplit(url).path.startswith(f"/{kind}/")), "") for kind in "ocup"}


def broken(mine: dict[str, str], other: dict[str, str], kind: str) -> list[str]:
    """Of a true link: a letter changed, the end cut off, another kind's token, another's target, and plain nonsense."""
    path = urlsplit(mine[kind] or mine["u"].replace("/u/", f"/{kind}/")).path
    _, _, token, *rest = path.split("/")
    tail = "".join(f"/{part}" for part in rest)
    ending = ".gif" if kind == "o" else ""
    token = token.removesuffix(".gif")
    wrong_letter = "A" if token[20] != "A" else "B"
    foreign = urlsplit(other["u" if kind != "u" else "c"]).path.split("/")[2]
    tokens = [token[:20] + wrong_letter + token[21:], token[:-1], token[:5], foreign, "x", "%00", "%F0%9F%92%A5", "A" * 4000]
    found = [f"/{kind}/{wrong}{ending}{tail}" for wrong in tokens]
    if kind == "c":
        found += [f"/c/{token}/aHR0cHM6Ly9ldmlsLmV4YW1wbGU", f"/c/{token}/x", f"/c/{token}/%00"]
    return found


def test_the_doctor_tells_a_relay_that_is_away_and_an_outbox_that_is_a_file(regulars, tmp_path):
    in_the_way = tmp_path / "outbox"
    in_the_way.write_text("not a folder")

    away = regulars("doctor", code=3, REGULARS_MAIL_URL="smtp://127.0.0.1:1")
    file = regulars("doctor", code=3, REGULARS_MAIL_URL=f"spool:{in_the_way}")

    assert "BAD  mail        the relay 127.0.0.1:1 cannot be reached" in away.out
    assert f"BAD  mail        mails cannot be written into {in_the_way}" in file.out


def test_the_doctor_tells_a_database_that_is_away_once(regulars):
    out = regulars("doctor", code=3, REGULARS_DATABASE_URL="postgresql+psycopg://u:hushhush@127.0.0.1:1/d", REGULARS_SECRET="x" * 20).out

    assert out.count("the database does not answer") == out.count("REGULARS_DATABASE_URL") == 1
    assert "BAD  workers     the same as database" in out
