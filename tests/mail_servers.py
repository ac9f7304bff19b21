"""Postfix and Exim as a shop may run them, from Debian's packages, with configuration and queue in a folder of the test's own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import free_port, install, wait_for_port

NOBODY = pwd.getpwnam("nobody").pw_uid
EXIM_FOLDER = Path("/tmp/regulars-tests-exim")  # unpacked, not installed: it would put Postfix out
POSTFIX = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = postfix.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = posta.example
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = static:box/
virtual_uid_maps = static:{nobody}
virtual_gid_maps = static:{nobody}
smtpd_recipient_restrictions = permit_mynetworks, reject
"""
SERVICES = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
virtual unix - n n - - virtual
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
EXIM = """
exim_path = {binary}
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
primary_hostname = exim.example
queue_only = true
tls_advertise_hosts =
rfc1413_query_timeout = 0s
acl_smtp_rcpt = all
begin acl
all:
  accept
"""


@dataclass
class MailServer:
    """`bodies()`: what came, each without its head, with the server's line ends."""

    port: int
    folder: Path
    names: str      # of the files that hold bodies
    head: bytes     # what a body comes after

    def bodies(self, count: int) -> list[bytes]:
        """All that there are once there are so many, or after a while."""
        deadline = time.monotonic() + 20
        while len(self._found()) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.2)  # what should not be there would come now
        return self._found()

    def _found(self) -> list[bytes]:
        return [path.read_bytes().partition(self.head)[2] for path in sorted(self.folder.glob(self.names))]


@contextmanager
def postfix() -> Iterator[MailServer]:
    binary = _binary("postfix", "postfix")
    with _folder() as folder:
        port = free_port()
        for name, owner in {"conf": "root", "queue": "root", "data": "postfix", "mail": "nobody"}.items():
            (folder / name).mkdir()
            shutil.chown(folder / name, owner)
        facts = {"folder": folder, "port": port, "nobody": NOBODY}
        (folder / "conf/main.cf").write_text(POSTFIX.format(**facts))
        (folder / "conf/master.cf").write_text(SERVICES.format(**facts))
        _run([binary, "-c", str(folder / "conf"), "start"])
        try:
            wait_for_port(port)
            yield MailServer(port, folder, "mail/box/new/*", b"\n\n")
        finally:
            _run([binary, "-c", str(folder / "conf"), "stop"])


@contextmanager
def exim() -> Iterator[MailServer]:
    binary, environment = _exim()
    with _folder() as folder:
        port = free_port()
        for name in ("spool", "log"):
            (folder / name).mkdir()
            (folder / name).chmod(0o777)
        (folder / "exim.conf").write_text(EXIM.format(binary=binary, folder=folder, port=port))
        process = subprocess.Popen(
            [binary, "-C", str(folder / "exim.conf"), "-bdf"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for_port(port)
            yield MailServer(port, folder, "spool/input/**/*-D", b"\n")
        finally:
            process.terminate()
            process.wait(10)


def _exim() -> tuple[str, dict[str, str]]:
    """One that is installed; else unpacked, with a list of users that has the one it is built for."""
    if found := shutil.which("exim4", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        return found, dict(os.environ)
    binary, library = EXIM_FOLDER / "usr/sbin/exim4", "usr/lib/*/libnss_wrapper.so"
    if not binary.exists():
        _unpack("exim4-daemon-light", "libnss-wrapper")
    if not binary.exists():
        pytest.fail("no Exim to test on; install one (Debian, as root: apt-get install exim4-daemon-light)", pytrace=False)
    users, groups = EXIM_FOLDER / "passwd", EXIM_FOLDER / "group"
    users.write_text("".join(f"{name}:x:{number}:{number}::/:/bin/false\n" for name, number in {"root": 0, "nobody": NOBODY, "Debian-exim": NOBODY}.items()))
    groups.write_text(f"root:x:0:\nmail:x:8:\nDebian-exim:x:{NOBODY}:\n")
    return str(binary), {
        "LD_PRELOAD": str(next(EXIM_FOLDER.glob(library))), "NSS_WRAPPER_PASSWD": str(users), "NSS_WRAPPER_GROUP": str(groups)}


def _unpack(*packages: str) -> None:
    """Without installing them. A second test process may do the same at once; each puts the same files in place."""
    with tempfile.TemporaryDirectory() as scratch:
        if not shutil.which("apt-get") or subprocess.run(["apt-get", "-q", "download", *packages], cwd=scratch, capture_output=True).returncode:
            return
        for file in Path(scratch).glob("*.deb"):
            _run(["dpkg", "-x", str(file), str(EXIM_FOLDER)])


def _binary(name: str, package: str) -> str:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    if not shutil.which(name, path=path):
        install(package)
    return shutil.which(name, path=path) or pytest.fail(
        f"no {name} to test on; install one (Debian, as root: apt-get install {package})", pytrace=False)


@contextmanager
def _folder() -> Iterator[Path]:
    """One that the servers' own users may enter."""
    folder = Path(tempfile.mkdtemp(prefix="regulars-mail-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"{' '.join(command)}: {done.stderr[-500:]}", pytrace=False)
