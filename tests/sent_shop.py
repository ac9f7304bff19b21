"""A shop that really sent mail, and its web door as a process of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from tests.servers import free_port, wait_for_port

ROOT = Path(__file__).parents[1]
CUSTOMERS = """\
email,first_name,last_name,locale,consent,consent_at
ada@shop.example,Ada,Lovelace,en,granted,2026-01-01
ayse@shop.example,Ayşe,Yılmaz,tr,granted,2026-01-01
leyla@shop.example,Leyla,Əliyeva,az,granted,2026-01-01
xss@shop.example,"<script>document.title='stolen'</script>",Co,en,granted,2026-01-01
"""


@dataclass
class SentShop:
    """`base` is where its links lead."""

    folder: Path
    base: str
    environment: dict[str, str]

    def regulars(self, *words: str) -> str:
        command = [sys.executable, str(ROOT / "cli.py"), *words, "--project", str(self.folder)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def serve(self) -> subprocess.Popen[bytes]:
        port = self.base.rpartition(":")[2]
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "cli.py"), "serve", "--port", port, "--project", str(self.folder)],
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        wait_for_port(int(port))
        return process

    def mail_to(self, address: str) -> EmailMessage:
        mails = (message_from_bytes(file.read_bytes(), policy=default) for file in (self.folder / ".regulars/outbox").glob("*.eml"))
        return next(mail for mail in mails if address in mail["To"])

    def link(self, address: str, door: str) -> str:
        """The mail's first address of that door: u, v, p, c, o."""
        html = self.mail_to(address).get_body(("html",)).get_content()
        return re.search(rf"{re.escape(self.base)}/{door}/[^\"'<> ]+", html)[0]


def sent_shop_in(folder: Path) -> SentShop:
    """The sample workspace with four customers, to whom one launch has written."""
    for name in ("regulars.yaml", "campaigns", "segments", "templates", "data"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    (folder / "segments/everybody.yaml").write_text("segment: everybody\nwhere:\n  subscribed: true\n")
    (folder / "campaigns/hello.yaml").write_text(
        'campaign: hello\nto: [everybody]\ntemplate: hello.mjml\nsubject: "Hello {{ customer.first_name | default(\'you\') }}"\n'
    )
    (folder / "templates/hello.mjml").write_text(
        '<mjml><mj-body><mj-section><mj-column><mj-text>{{ customer.greeting }}</mj-text>'
        '<mj-button href="https://kahve.example/beans" name="beans">Beans</mj-button>'
        '<mj-image src="{{ image(\'mark.png\') }}" alt="Mahalle Kahve" width="60px" />'
        '<mj-text><a href="{{ links.view }}">View</a> <a href="{{ links.preferences }}">Preferences</a> '
        '<a href="{{ links.unsubscribe }}">Unsubscribe</a> {{ shop.address }}</mj-text></mj-column></mj-section></mj-body></mjml>'
    )
    (folder / "customers.csv").write_text(CUSTOMERS)
    base = f"http://127.0.0.1:{free_port()}"
    shop = SentShop(folder, base, {**os.environ, "REGULARS_BASE_URL": base})
    shop.regulars("import", "customers", str(folder / "customers.csv"))
    shop.regulars("launch", "hello", "--yes")
    return shop
