"""Bars by week for each automation, as a picture and as a page that need nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from regulars.measurement.simulated import REACTIONS, Share, Simulated

WIDTH, LEFT, TOP, ROW, GAP = 960, 190, 40, 64, 18  # pixels
INK, PALE, COLOUR = "#22303c", "#7d8a96", "#3867b1"
FONT = "font-family='system-ui, sans-serif'"


def picture_of(found: Simulated) -> str:
    """SVG: a row of bars for each automation that had anything to do, all on one scale."""
    shares = {name: share for name, share in found.automations.items() if name not in found.silent}
    height = TOP + len(shares) * (ROW + GAP) + 36
    most = max((count for share in shares.values() for count in share.weeks), default=0)
    rows = [line for place, (name, share) in enumerate(shares.items()) for line in _row(name, share, place, most)]
    title = f"{found.mails:,} mails to {found.customers:,} customers, {found.first} to {found.last}, by week"
    return "\n".join([
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' role='img' aria-label='{escape(title, quote=True)}' {FONT}>",
        f"<rect width='{WIDTH}' height='{height}' fill='#ffffff'/>",
        f"<text x='16' y='24' font-size='15' font-weight='600' fill='{INK}'>{escape(title)}</text>",
        *rows, *_weeks(found, height), "</svg>", "",
    ])


def page_of(found: Simulated) -> str:
    """HTML with the picture and the numbers."""
    names = found.automations.items()
    rows = "\n".join(
        f"<tr><td>{escape(name)}</td><td>{share.entries:,}</td><td>{share.mails:,}</td><td>{share.skipped.total():,}</td>"
        f"<td>{share.under_way:,}</td></tr>" for name, share in names if name not in found.silent
    )
    silent = "".join(f"<p>{escape(name)} is not simulated: {escape(reason)}</p>" for name, reason in found.silent.items())
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Simulated {found.first} to {found.last}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: {INK}; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse }} td, th {{ padding: .2rem .8rem; text-align: right }} td:first-child, th:first-child {{ text-align: left }}
svg {{ width: 100%; height: auto }}
</style></head><body>
{picture_of(found)}
<table><thead><tr><th>automation</th><th>entered</th><th>mails</th><th>not sent</th><th>under way</th></tr></thead>
<tbody>
{rows}
</tbody></table>
<p>A customer gets {found.mean:.2f} mails a week, in 95% of the weeks {found.up_to(0.95):,} or fewer, never more than {found.most:,}.</p>
{silent}
<p>{escape(REACTIONS)}</p>
</body></html>
"""


def _row(name: str, share: Share, place: int, most: int) -> Iterator[str]:
    base = TOP + place * (ROW + GAP) + ROW
    step = (WIDTH - LEFT - 16) / max(len(share.weeks), 1)
    yield f"<text x='16' y='{base - ROW / 2:.0f}' font-size='14' fill='{INK}'>{escape(name)}</text>"
    yield f"<text x='16' y='{base - ROW / 2 + 18:.0f}' font-size='12' fill='{PALE}'>{share.mails:,} mails</text>"
    yield f"<line x1='{LEFT}' y1='{base}' x2='{WIDTH - 16}' y2='{base}' stroke='{PALE}' stroke-width='.5'/>"
    for week, count in enumerate(share.weeks):
        if count:
            tall = ROW * count / most
            yield (
                f"<rect x='{LEFT + week * step + step * .1:.1f}' y='{base - tall:.1f}' width='{step * .8:.1f}' height='{tall:.1f}' fill='{COLOUR}'>"
                f"<title>{count:,}</title></rect>"
            )


def _weeks(found: Simulated, height: int) -> Iterator[str]:
    """At most a dozen of their first days, for more would not fit."""
    step, every = (WIDTH - LEFT - 16) / max(len(found.weeks), 1), -(-len(found.weeks) // 12)
    for place in range(0, len(found.weeks), every):
        yield f"<text x='{LEFT + place * step:.1f}' y='{height - 14}' font-size='11' fill='{PALE}'>{found.weeks[place]:%d %b %y}</text>"
