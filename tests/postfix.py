"""A real Postfix of its own on a port of the loopback: it takes every mail, logs it to its own file and throws it away."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

import pytest

from tests.servers import free_port, install, wait_for_port

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
command_directory = {commands}
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.example
mydestination =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
default_transport = discard
relay_transport = discard
alias_maps =
smtputf8_enable = yes
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
"""
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
discard unix - - n - - discard
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
scache unix - - n - 1 scache
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """`log`: the file that Postfix writes itself."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="regulars-postfix-"))  # pytest's own are closed to Postfix's users
        self.port = free_port()
        self.log = self.folder / "mail.log"

    def __enter__(self) -> Self:
        postfix = _binary()
        for part in ("etc", "spool", "data"):
            (self.folder / part).mkdir(parents=True)
        self.folder.chmod(0o755)
        shutil.chown(self.folder / "data", "postfix")
        (self.folder / "etc" / "main.cf").write_text(
            MAIN.format(folder=self.folder, commands=Path(postfix).parent, daemons=_asked("daemon_directory"))
        )
        (self.folder / "etc" / "master.cf").write_text(MASTER.format(port=self.port))
        self.command("start")
        wait_for_port(self.port)
        return self

    def __exit__(self, *_: object) -> None:
        self.command("stop")
        shutil.rmtree(self.folder)

    def command(self, word: str) -> None:
        done = subprocess.run([_binary(), "-c", str(self.folder / "etc"), word], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr + (self.log.read_text() if self.log.exists() else "")


def _binary() -> str:
    if os.geteuid() != 0:
        pytest.fail("only root can start a Postfix of its own; run these tests as root, in a container", pytrace=False)
    if not shutil.which("postfix", path=SBIN):
        install("postfix")
    return shutil.which("postfix", path=SBIN) or pytest.fail(
        "no Postfix to test with; install one (Debian, as root: apt-get install postfix)", pytrace=False
    )


SBIN = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


def _asked(name: str) -> str:
    """A default that was compiled in."""
    return subprocess.run(
        [shutil.which("postconf", path=SBIN) or "postconf", "-h", "-d", name], capture_output=True, text=True, check=True
    ).stdout.strip()
