"""The README's tutorial and the page of JSON, done as they say."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.commands import Door, Regulars, end
from tests.manual import ROOT, Block, Typed, blocks, misquoted, section, typed
from tests.servers import free_port, need, wait_for_port

TITLE = "A tutorial in ten minutes"
AND_THEN = "From the first order to a regular"
MAPS = {"counts", "reasons", "replies", "states", "links", "excluded", "attributes", "others", "lanes", "waiting", "outcomes", "mails", "ended", "editions"}  # their keys are the shop's own words
EXAMPLE = re.compile(r"^## (?P<title>.+?)\n.*?^    (?P<command>regulars [^\n]+)\n\n```json\n(?P<shape>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Story:
    """A shell that keeps its folder and settings, like the reader's, and every quotation that was not what was said."""

    folder: Path
    port: int
    settings: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    at_work: subprocess.Popen[str] | None = None

    def follow(self, block: Block) -> None:
        if block.path:
            (self.folder / block.path).write_text(block.content, encoding="utf-8")
        elif block.language == "console":
            for one in typed(block):
                self.type(one)

    def type(self, one: Typed) -> None:
        if one.words.startswith("cd "):
            self.folder /= one.words.removeprefix("cd ")
        elif one.words.startswith("export "):
            self.settings |= dict([one.words.removeprefix("export ").split("=", 1)])
        elif one.words.endswith("regulars up &"):
            self.at_work = self.typing().start("up", "--port", str(self.port), now=one.words.partition(" ")[0].partition("=")[2])
            wait_for_port(self.port)
        elif one.words == "kill %1":
            assert self.at_work is not None
            end(self.at_work, signal.SIGINT)
        elif one.words.endswith("regulars up"):
            self.compare(one, self.answer_one_mail(one.words.partition(" ")[0].partition("=")[2]))
        elif not one.words.startswith(". "):
            self.compare(one, self.run(one.words))

    def run(self, words: str) -> str:
        done = subprocess.run(
            ["bash", "-c", words], cwd=self.folder, env=self.surroundings(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
        )
        return done.stdout

    def answer_one_mail(self, now: str) -> str:
        """What the reader does with the browser, and what `up` says meanwhile."""
        regulars = self.typing()
        mail = next(iter(regulars.mails().values()))
        link = next(
            found for found in re.findall(r'href="([^"]+/c/[^"]+)"', mail.get_body(("html",)).get_content())
            if self.leads(found, "sidama")
        )
        process = regulars.start("up", "--port", str(self.port), now=now)
        wait_for_port(self.port)
        assert Door(self.port).get(link).status in {302, 303, 307}
        return end(process, signal.SIGINT).replace(str(self.port), "8000")

    @staticmethod
    def leads(link: str, where: str) -> bool:
        target = link.rpartition("/")[2]
        return where in urlsafe_b64decode(target + "=" * (-len(target) % 4)).decode(errors="replace")

    def compare(self, one: Typed, said: str) -> None:
        if line := misquoted(one.quoted, said):
            self.wrong.append(f"$ {one.words}\nquotes: {line}\nsaid:\n{said}")

    def typing(self) -> Regulars:
        return Regulars(self.folder, {"REGULARS_BASE_URL": f"http://127.0.0.1:{self.port}"})

    def surroundings(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
        path = f"{self.folder.parent / 'bin'}:{self.folder / 'bin'}:{own['PATH']}"
        return {**own, "PATH": path, "NO_COLOR": "1", "REGULARS_BASE_URL": f"http://127.0.0.1:{self.port}", **self.settings}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    need("curl")
    checkout = tmp_path_factory.mktemp("tutorial")
    (checkout / "samples").symlink_to(ROOT / "samples")
    story = Story(checkout, free_port())
    install(checkout / "bin")
    for title in (TITLE, AND_THEN):
        for block in blocks(ROOT / "README.md", section(ROOT / "README.md", title)):
            story.follow(block)
    return story


def install(folder: Path) -> None:
    """`regulars` of this checkout, whatever else is on the PATH."""
    folder.mkdir()
    (folder / "regulars").write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m regulars "$@"\n')
    (folder / "regulars").chmod(0o755)


def test_the_tutorial_says_what_the_commands_say(story):
    assert story.wrong == []


def test_the_page_of_json_has_the_shapes_that_commands_print(story):
    examples = list(EXAMPLE.finditer((ROOT / "docs/json.md").read_text(encoding="utf-8")))
    later = {**story.surroundings(), "REGULARS_NOW": "2026-11-22T09:00:00Z"}

    (story.folder / "segments/broken.yaml").write_text("segment: broken\nwhere: {orders.count: {at_leest: 3}}\n")
    (story.folder / "campaigns/greeting.yaml").write_text(
        "campaign: greeting\ntrigger: {segment.entered: fruity-regulars}\nsteps:\n  - wait: 1 day\n  - tag: {add: greeted}\n"
    )
    (story.folder / "orders.csv").write_text("order_id,ordered_at,email\n1,2026-11-19,ada@posta.example\n2,yesterday,ada@posta.example\n")

    differences = []
    for example in examples:
        done = subprocess.run(
            ["bash", "-c", example["command"]], cwd=story.folder, env=later, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )
        (story.folder / "segments/broken.yaml").unlink(missing_ok=True)  # of `check`, which comes first
        assert done.stdout, f"{example['command']}: {done.stderr}"
        differences += [f"{example['command']}: {line}" for line in compare(json.loads(example["shape"]), json.loads(done.stdout), "")]

    assert differences == []
    assert len(examples) >= 14


def compare(told: object, found: object, place: str) -> Iterator[str]:
    if told is None or found is None:
        return
    if isinstance(told, dict) and isinstance(found, dict):
        if place.rpartition(".")[2] in MAPS:
            yield from compare(next(iter(told.values()), None), next(iter(found.values()), None), f"{place}.*")
            return
        if missing := sorted(told.keys() ^ found.keys()):
            yield f"{place or 'the object'} has {', '.join(missing)} on one side only"
        for key in told.keys() & found.keys():
            yield from compare(told[key], found[key], f"{place}.{key}")
    elif isinstance(told, list) and isinstance(found, list):
        for one in found if told else ():
            yield from compare(told[0], one, f"{place}[]")
    elif not (type(told) is type(found) or {type(told), type(found)} == {int, float}):
        yield f"{place}: {told!r} is of another kind than {found!r}"
