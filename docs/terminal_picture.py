"""Draws docs/pictures/terminal.svg from what commands really say on a terminal: `make demo`, then `python -m docs.terminal_picture`.

The demo's database is read for the report; the mistakes are planted in a copy of the workspace.
"""

from __future__ import annotations

import os
import pty
import re
import shutil
import sys
import tempfile
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).parents[1]
STATE = ROOT / ".regulars" / "demo"
PICTURE = ROOT / "docs" / "pictures" / "terminal.svg"
WIDTH = 92
LAUNCH_DAY, TWO_DAYS_LATER = "2026-11-20T09:00:00Z", "2026-11-22T09:00:00Z"
MISTAKES = {
    "campaigns/win_back.yaml": ("to: [slipping-away]", "to: [slippin-away]"),
    "templates/win_back.mjml": ("{{ customer.greeting }}", "{{ customer.firstname }}"),
}
WARM = TerminalTheme(
    (36, 26, 20), (234, 221, 204),
    [(36, 26, 20), (240, 128, 96), (170, 196, 120), (240, 190, 110), (130, 170, 200), (200, 150, 180), (130, 190, 180), (234, 221, 204)],
    [(120, 100, 85), (255, 150, 115), (190, 215, 140), (255, 210, 130), (150, 190, 220), (220, 170, 200), (150, 210, 200), (255, 251, 244)],
)


def main() -> None:
    if not (STATE / "env").exists():
        sys.exit("there is no demo to draw: run make demo first")
    console = Console(record=True, width=WIDTH, file=StringIO(), legacy_windows=False)
    with tempfile.TemporaryDirectory() as folder:
        shop = workspace_in(Path(folder))
        for kind in ("customers", "products", "orders"):
            on_a_terminal("import", kind, str(ROOT / f"samples/shop/{kind}.csv"), project=shop, now=LAUNCH_DAY)
        plan = on_a_terminal("plan", "win-back", project=shop, now=LAUNCH_DAY)
        plant_mistakes(shop)
        show(console, "regulars check", on_a_terminal("check", project=shop, now=LAUNCH_DAY))
    show(console, "regulars plan win-back", plan)
    show(console, "regulars report win-back", on_a_terminal("report", "win-back", project=ROOT, now=TWO_DAYS_LATER, **demo()))
    picture = console.export_svg(title="regulars", theme=WARM, unique_id="terminal")
    PICTURE.write_text(without_fetched_fonts(picture), encoding="utf-8")


def workspace_in(folder: Path) -> Path:
    for part in ("campaigns", "segments", "templates", "data", "samples"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("shop", "*.py"))
    shutil.copy(ROOT / "regulars.yaml", folder)
    return folder


def plant_mistakes(shop: Path) -> None:
    for path, (right, wrong) in MISTAKES.items():
        text = (shop / path).read_text(encoding="utf-8")
        (shop / path).write_text(text.replace(right, wrong, 1), encoding="utf-8")


def demo() -> dict[str, str]:
    return dict(re.findall(r'export (REGULARS_\w+)="(.*)"', (STATE / "env").read_text()))


def on_a_terminal(*words: str, project: Path, now: str, **settings: str) -> str:
    """What the command says when it believes that somebody watches."""
    for name in [name for name in os.environ if name.startswith("REGULARS_")]:
        del os.environ[name]
    os.environ.update({**settings, "REGULARS_PROJECT": str(project), "REGULARS_NOW": now, "COLUMNS": str(WIDTH), "TERM": "xterm-256color"})
    said: list[bytes] = []

    def keep(descriptor: int) -> bytes:
        said.append(os.read(descriptor, 65_536))
        return said[-1]  # pty.spawn shows it, too; nothing at all would end it

    pty.spawn([sys.executable, "-m", "regulars", *words], keep)
    return b"".join(said).decode().replace("\r\n", "\n")


def show(console: Console, command: str, said: str) -> None:
    console.print(Text.assemble(("$ ", "bright_black"), (command, "bold bright_white")))
    console.print(Text.from_ansi(said.rstrip()))
    console.print()


def without_fetched_fonts(picture: str) -> str:
    """The reader's own monospaced font does; nothing is fetched from elsewhere."""
    return re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL).replace("Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono")


if __name__ == "__main__":
    main()
