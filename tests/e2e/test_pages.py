"""The pages as customers meet them: a real mail, a real server, a real browser."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from regulars.adapters.database.engine import Database
from tests.sent_shop import ROOT, SentShop, sent_shop_in
from tests.servers import chromium
from tests.web import BROWSER

pytestmark = pytest.mark.browser
PEOPLE = {"ada@shop.example": "en", "ayse@shop.example": "tr", "leyla@shop.example": "az"}


@pytest.fixture(scope="module")
def sent_shop(tmp_path_factory: pytest.TempPathFactory) -> SentShop:
    return sent_shop_in(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def served(sent_shop: SentShop) -> Iterator[SentShop]:
    process = sent_shop.serve()
    yield sent_shop
    process.terminate()
    process.wait(20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield started
        started.close()


@pytest.fixture(params=[(1200, "light"), (375, "light"), (375, "dark")], ids=lambda screen: f"{screen[0]}-{screen[1]}")
def screen(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    yield context.new_page()
    context.close()


def test_pages_speak_the_mails_language_and_fit_every_screen(served: SentShop, screen: Page) -> None:
    for address, language in PEOPLE.items():
        for door in ("u", "p"):
            screen.goto(served.link(address, door))

            assert screen.get_attribute("html", "lang") == language
            assert screen.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert address not in screen.content()
            button = screen.locator("button")
            assert button.bounding_box()["height"] >= 44
            screen.keyboard.press("Tab")
            assert screen.evaluate("document.activeElement.tagName") == "BUTTON"


def test_a_customer_leaves_with_the_keyboard_alone(served: SentShop, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(served.link("leyla@shop.example", "u"))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_load_state()

    assert page.inner_text("h1") == "Abunəlikdən çıxdınız"
    assert page.locator("[role=status]").count() == 1
    assert page.context.cookies() == []
    page.close()


def test_the_mail_in_the_browser_is_the_mail_that_was_sent(served: SentShop) -> None:
    answer = httpx.get(served.link("ayse@shop.example", "v"), headers={"user-agent": BROWSER})
    sent = served.mail_to("ayse@shop.example").get_body(("html",)).get_content()

    assert answer.status_code == 200
    assert answer.text.split() == sent.split()


def test_pictures_of_the_mail_are_there(served: SentShop) -> None:
    html = served.mail_to("ada@shop.example").get_body(("html",)).get_content()
    picture = re.search(r'src="(http://[^"]+/i/[^"]+)"', html)

    assert httpx.get(picture[1]).headers["content-type"] == "image/png"


@pytest.mark.parametrize("path", ["/outbox", "mail", "view", "/outbox/000001-00000004.eml/html"])
def test_nothing_that_a_customer_called_themselves_runs(served: SentShop, browser: Browser, path: str) -> None:
    page = browser.new_page(user_agent="<script>document.title='stolen'</script>")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    address = {"view": served.link("xss@shop.example", "v"), "mail": f"{served.base}/outbox/000001-00000004.eml"}
    page.goto(address.get(path, served.base + path))
    page.wait_for_timeout(200)

    assert "stolen" not in [page.title(), *(frame.title() for frame in page.frames)]
    assert dialogs == []
    assert page.locator("script").count() == 0
    page.close()


def test_a_hit_outlives_a_server_that_is_killed_right_after_its_answer(sent_shop: SentShop) -> None:
    process = sent_shop.serve()
    try:
        answer = httpx.get(sent_shop.link("ada@shop.example", "c"), headers={"user-agent": BROWSER})
    finally:
        process.kill()
        process.wait(10)

    assert answer.headers["location"].startswith("https://kahve.example/beans")
    database = Database(f"sqlite:///{sent_shop.folder}/.regulars/regulars.db")
    with database.read() as connection:
        hits = connection.exec_driver_sql("SELECT count(*) FROM hits WHERE kind = 'click' AND user_agent = ?", (BROWSER,)).scalar()
    database.close()
    assert hits == 1


def test_the_server_says_where_it_is_and_tells_nothing_about_who_came(sent_shop: SentShop) -> None:
    process = sent_shop.serve()
    httpx.get(sent_shop.link("ada@shop.example", "p"))
    httpx.get(sent_shop.base + "/u/nonsense")
    process.terminate()
    _, told = process.communicate(timeout=20)

    assert process.returncode == 0
    assert f"http://127.0.0.1:{sent_shop.base.rpartition(':')[2]}" in told.decode()
    assert "ada@" not in told.decode()
    assert "/p/" not in told.decode()


def test_a_port_that_is_taken_is_said_so(sent_shop: SentShop, served: SentShop) -> None:
    command = [sys.executable, str(ROOT / "cli.py"), "serve", "--port", served.base.rpartition(":")[2], "--project", str(sent_shop.folder)]
    done = subprocess.run(command, env=sent_shop.environment, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 3
    assert "cannot open" in done.stderr
    assert "Traceback" not in done.stderr
