"""The sample workspace: what a newcomer runs first must be whole, and its data the ones that its script draws."""

from __future__ import annotations

import html
import runpy
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from regulars.adapters.mjml import MjmlCompiler
from regulars.adapters.workspace import read_files
from regulars.content.samples import sample_recipient
from regulars.content.tokens import Key, KeyRing
from regulars.definition.mails import mails_of
from regulars.definition.quantities import Money
from regulars.definition.reading import read_workspace
from regulars.operations.preview import preview

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

ROOT = Path(__file__).parents[2]


def test_the_sample_workspace_has_no_findings() -> None:
    workspace, findings = read_workspace(read_files(str(ROOT)))

    assert workspace is not None
    assert findings == []


@pytest.mark.parametrize("file", ["samples/shop/customers.csv", "samples/shop/orders.csv", "samples/shop/products.csv",
                                  "data/rates.csv"])
def test_the_demo_data_are_what_their_script_draws(drawn: Path, file: str) -> None:
    assert (drawn / file).read_bytes() == (ROOT / file).read_bytes()


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second run of samples/shop/generate.py, in a folder of its own."""
    folder = tmp_path_factory.mktemp("drawn")
    (folder / "samples" / "shop").mkdir(parents=True)
    (folder / "data").mkdir()
    script = shutil.copy(ROOT / "samples" / "shop" / "generate.py", folder / "samples" / "shop")
    runpy.run_path(str(script), run_name="__main__")
    return folder


def test_every_letter_exists_in_every_language_of_the_shop() -> None:
    workspace, _ = read_workspace(read_files(str(ROOT)))
    assert workspace is not None
    fallback, *others = workspace.shop.languages

    for mail in (mail for campaign in workspace.campaigns.values() for mail in mails_of(campaign)):
        stem = mail.template.removesuffix(".mjml")
        if "letter" in mail.with_:  # one template for all of them: its words lie in data/letters.yaml
            assert set(workspace.data["letters"][mail.with_["letter"]]) == {fallback, *others}
        else:
            assert {f"templates/{stem}.{language}.mjml" for language in others} <= workspace.texts.keys()
        assert set(mail.subject.by_language) == {fallback, *others}


def test_the_twelve_campaigns_that_marketers_ask_for_are_there_and_can_be_composed() -> None:
    workspace, _ = read_workspace(read_files(str(ROOT)))
    assert workspace is not None
    wanted = {"after-first-order", "how-to-brew", "replenish", "come-back", "harvest-early", "birthday", "invite-a-friend", "review", "cart",
              "price-drop", "bayram", "still-with-us"}
    assert wanted <= set(workspace.campaigns)
    sophie = next(each for each in workspace.samples if each["email"] == "sophie.keller@mail.example")
    person = sample_recipient(sophie, workspace.shop, lambda amount, _: Money(amount.units, workspace.shop.compare_in))
    for mail in (mail for name in wanted for mail in mails_of(workspace.campaigns[name])):
        for language in workspace.shop.languages:
            made = preview(mail, workspace, replace(person, locale=language), MjmlCompiler(),
                           keys=KeyRing((Key.of("a secret of the tests"),)), base_url="https://mail.kahve.example", now=NOW)
            assert made.email.language == language
            assert workspace.data["letters"][mail.with_["letter"]][language]["title"] in html.unescape(made.email.html)
