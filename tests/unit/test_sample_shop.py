"""The sample workspace: what a newcomer runs first must be whole, and its data the ones that its script draws."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import pytest

from regulars.adapters.workspace import read_files
from regulars.definition.reading import read_workspace

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

    for campaign in workspace.campaigns.values():
        stem = campaign.template.removesuffix(".mjml")
        assert {f"templates/{stem}.{language}.mjml" for language in others} <= workspace.texts.keys()
        assert set(campaign.subject.by_language) == {fallback, *others}
