"""Draws samples/pictures/*.svg into templates/images/*.png, twice as large as mails show them.

python samples/draw_images.py        (needs playwright's Chromium and ImageMagick's convert)
"""

import os
import subprocess
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
WIDTHS = {"hero": 1200, "mark": 112}


def main() -> None:
    with sync_playwright() as browsers:
        page = browsers.chromium.launch(executable_path=os.environ.get("CHROMIUM")).new_page()
        for drawing in sorted((ROOT / "samples" / "pictures").glob("*.svg")):
            width = WIDTHS.get(drawing.stem.split("_")[0], 240)
            height = width // 2 if width == WIDTHS["hero"] else width
            page.set_viewport_size({"width": width, "height": height})
            page.set_content(f"<style>*{{margin:0}}svg{{display:block}}</style>{drawing.read_text()}")
            picture = ROOT / "templates" / "images" / f"{drawing.stem}.png"
            page.screenshot(path=picture, omit_background=True)
            subprocess.run(["convert", picture, "+dither", "-colors", "96", "-strip", picture], check=True)  # noqa: S607


if __name__ == "__main__":
    main()
