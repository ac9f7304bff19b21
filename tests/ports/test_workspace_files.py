"""The project's folder on a real disk: what is read, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from regulars.adapters.workspace import read_files
from regulars.definition.reading import read_workspace


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    for folder in ("segments", "campaigns/2026", "templates/images", "templates/partials", "data", "samples"):
        (root / folder).mkdir(parents=True)
    (root / "regulars.yaml").write_text("money: {rates: data/rates.csv}\n")
    (root / "segments/vip.yaml").write_text("segment: vip\nwhere: {orders.count: 3}\n")
    (root / "campaigns/2026/letter.yaml").write_text("campaign: letter\n")
    (root / "templates/letter.mjml").write_text("<mjml/>")
    (root / "templates/partials/card.mjml").write_text("<mj-text/>")
    (root / "templates/images/hero.png").write_bytes(b"\x89PNG")
    (root / "data/orders.csv").write_text("order_id\n")
    (root / "data/rates.csv").write_text("day,currency,rate\n")
    return root


def test_texts_pictures_and_the_rates_are_read_and_orders_are_not(project):
    files = read_files(str(project))

    assert set(files.texts) == {
        "regulars.yaml", "segments/vip.yaml", "campaigns/2026/letter.yaml", "templates/letter.mjml",
        "templates/partials/card.mjml", "data/rates.csv",
    }
    assert files.binaries == {"templates/images/hero.png": b"\x89PNG"}
    assert "data/orders.csv" in files.present
    assert files.refused == ()


def test_links_out_of_the_project_are_refused(project, tmp_path):
    (tmp_path / "secret.yaml").write_text("segment: secret\n")
    (project / "segments/secret.yaml").symlink_to(tmp_path / "secret.yaml")
    (project / "templates/elsewhere").symlink_to(tmp_path)
    (project / "segments/self.yaml").symlink_to(project / "segments/self.yaml")

    files = read_files(str(project))

    assert "segments/secret.yaml" not in files.texts
    assert {(finding.location.path, finding.code) for finding in files.refused} == {
        ("segments/secret.yaml", "D123"), ("templates/elsewhere", "D123"), ("segments/self.yaml", "D123")}


def test_links_inside_the_project_are_fine(project):
    (project / "segments/same.yaml").symlink_to(project / "segments/vip.yaml")

    assert "segments/same.yaml" in read_files(str(project)).texts


def test_files_that_are_no_text_or_too_large_are_findings_among_the_others(project):
    (project / "segments/latin.yaml").write_bytes("description: kış".encode("cp1254"))
    (project / "campaigns/huge.yaml").write_text("# long\n" * 800_000)

    _, findings = read_workspace(read_files(str(project)))

    told = {(finding.location.path, finding.code) for finding in findings}
    assert {("segments/latin.yaml", "D102"), ("campaigns/huge.yaml", "D103"), ("regulars.yaml", "D204")} <= told


def test_a_file_without_permission_is_a_finding(project, monkeypatch):
    def denied(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    (project / "regulars.yaml").unlink()
    for folder in ("campaigns", "templates", "data"):
        shutil.rmtree(project / folder)

    assert [finding.code for finding in read_files(str(project)).refused] == ["D123"]


def test_a_folder_that_is_no_project_has_no_files(tmp_path):
    assert read_files(str(tmp_path)).texts == {}
