"""`make guards`: takes each guard away in a copy of the tree, and shows that its test goes red."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tests.guards.guards import GUARDS, Guard

ROOT = Path(__file__).parents[2]
WORKERS = 2
RED = 1  # pytest: some tests failed; 2 and more: they could not be run


def main(wanted: list[str]) -> int:
    """`wanted`: words of a guard's file, text or test; none: all guards. Exit code 1 when a test stays green."""
    guards = [guard for guard in GUARDS if all(word in " ".join(guard) for word in wanted)]
    with tempfile.TemporaryDirectory(prefix="regulars-guards-") as folder:
        trees: SimpleQueue[Path] = SimpleQueue()
        for number in range(WORKERS):
            trees.put(_copy(Path(folder) / str(number)))
        with ThreadPoolExecutor(WORKERS) as pool:
            tests = sorted({guard.test for guard in guards})
            ill = [said for said in pool.map(lambda test: _with_all(test, trees), tests) if said]
            bad = ill or [said for said in pool.map(lambda guard: _without(guard, trees), guards) if said]
    for said in bad:
        print(said)
    print(f"{len(guards)} guards, {len(bad)} of them not watched" if not ill else "the tests are red before anything was removed")
    return 1 if bad else 0


def _with_all(test: str, trees: SimpleQueue[Path]) -> str:
    tree = trees.get()
    try:
        code, said = _run(tree, test)
    finally:
        trees.put(tree)
    return "" if code == 0 else f"not green with all guards: {test}\n{said}"


def _without(guard: Guard, trees: SimpleQueue[Path]) -> str:
    tree = trees.get()
    file = tree / guard.file
    whole = file.read_text(encoding="utf-8")
    began = time.monotonic()
    try:
        if whole.count(guard.text) != 1:
            return f"{guard.file}: found {whole.count(guard.text)} times: {guard.text!r}"
        file.write_text(whole.replace(guard.text, guard.instead), encoding="utf-8")
        code, said = _run(tree, guard.test)
    finally:
        file.write_text(whole, encoding="utf-8")
        trees.put(tree)
    verdict = "red" if code == RED else "GREEN" if code == 0 else "BROKEN"
    print(f"{verdict:6} {time.monotonic() - began:4.0f} s  {guard.file}: {' '.join(guard.text.split())[:80]}", flush=True)
    return "" if code == RED else f"{verdict} without {guard.text!r} in {guard.file}: {guard.test}\n{said if code else ''}"


def _run(tree: Path, test: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-k", "not postgresql", *test.split()]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout[-2000:] + done.stderr[-500:]


def _copy(tree: Path) -> Path:
    """What git knows, and what is new."""
    listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    return tree


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
