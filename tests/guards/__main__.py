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
        code, said = _run(Path(folder) / "0", " ".join(sorted({guard.test for guard in guards})))
        if code:
            print(f"{said}\nred before anything was taken away")
            return 1
        with ThreadPoolExecutor(WORKERS) as pool:
            unwatched = [said for said in pool.map(lambda guard: _without(guard, trees), guards) if said]
    print(*unwatched, f"{len(guards)} guards, {len(unwatched)} of them not watched", sep="\n")
    return 1 if unwatched else 0


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
