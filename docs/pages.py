"""Run every block of code in the documentation as a reader would, and hold what it prints to what stands there.

A page is worked through from top to bottom in a folder of its own. A block of Python goes into the page's own
namespace, a block of shell is run line by line, and a block with a `title` is written to the file of that name. The
block of text that follows holds what was printed. Blocks of the language `console` are shown, not run.

Usage: python docs/pages.py [--write] [PAGE ...]; `--write` puts today's output into the pages.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forecast.cli import main as forecast

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r'^```([\w-]*)(?: title="([^"]+)")?\n(.*?)^```$', re.DOTALL | re.MULTILINE)
FILES = {"toml", "csv"}
SHOWN = {"", "console", "text"}
KNOWN = FILES | SHOWN | {"python", "sh"}
OTHERS = ("make ", "pip install ")
"""Commands that continuous integration runs by itself, as they stand."""


@dataclass
class Page:
    """A page being worked through.

    Parameters
    ----------
    path
        Its Markdown file.
    wrong
        What is not as it says, in words.
    text
        The page with today's output in it.
    """

    path: Path
    wrong: list[str] = field(default_factory=list)
    text: str = ""

    def work(self, folder: Path) -> None:
        """Run all blocks in a folder; fill `wrong` and `text`."""
        source, names, printed = self.path.read_text(encoding="utf-8"), {"__name__": "page"}, None
        parts, end = [], 0
        for found in BLOCK.finditer(source):
            language, title, body = found.groups()
            parts.append(source[end : found.start(3)])
            end = found.end(3)
            if language == "text" and printed is not None:
                body = self._held(body, printed, found.start())
            printed = self._run(language, title, body, folder, names)
            parts.append(body)
        self.text = "".join([*parts, source[end:]])

    def _held(self, body: str, printed: str, at: int) -> str:
        if body != printed:
            self.wrong.append(f"{self._place(at)}: prints\n{printed}instead of\n{body}")
        return printed

    def _place(self, at: int) -> str:
        return f"{self.path.name}, line {self.path.read_text(encoding='utf-8')[:at].count(chr(10)) + 1}"

    def _run(self, language: str, title: str | None, body: str, folder: Path, names: dict[str, Any]) -> str | None:
        """Run a block and return what it printed, without blanks at the ends of lines; None if it is not run."""
        if language not in KNOWN:
            self.wrong.append(
                f"{self.path.name}: a block of {language!r} is not run; known: {', '.join(sorted(KNOWN))}"
            )
        if language in FILES and title:
            (folder / title).parent.mkdir(parents=True, exist_ok=True)
            (folder / title).write_text(body, encoding="utf-8")
        if language not in {"python", "sh"}:
            return None
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.chdir(folder), _narrow():
            if language == "python":
                self._python(body, names)
            else:
                self._commands(body)
        return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())

    def _python(self, body: str, names: dict[str, Any]) -> None:
        try:
            exec(compile(body, str(self.path), "exec"), names)
        except Exception as error:  # noqa: BLE001 (told with the others)
            self.wrong.append(f"{self.path.name}: {type(error).__name__}: {error}\nin\n{body}")

    def _commands(self, body: str) -> None:
        for line in filter(None, (line.partition("#")[0].strip() for line in body.splitlines())):
            if line.startswith(OTHERS):
                continue
            words, _, target = line.partition(" > ")
            out = io.StringIO() if target else sys.stdout
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
                program, *arguments = shlex.split(words)
                if program != "forecast" or forecast(arguments) not in {0, 1}:
                    self.wrong.append(f"{self.path.name}: '{line}' does not run")
            if isinstance(out, io.StringIO) and target:
                Path(target).write_text(out.getvalue(), encoding="utf-8")


@contextlib.contextmanager
def _narrow() -> Iterator[None]:
    """A terminal of 80 columns, as tables are printed in tests."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "80"
    try:
        yield
    finally:
        os.environ.pop("COLUMNS") if before is None else os.environ.update(COLUMNS=before)


def pages() -> list[Path]:
    """Every page of the documentation."""
    return sorted((ROOT / "docs").rglob("*.md"))


def worked(path: Path) -> Page:
    """Work through a page in a fresh folder."""
    page = Page(path)
    with tempfile.TemporaryDirectory() as folder:
        page.work(Path(folder))
    return page


def main(arguments: list[str]) -> int:
    """Work through pages; return 1 if one is not as it says."""
    write, named = "--write" in arguments, [Path(name) for name in arguments if name != "--write"]
    wrong = []
    for path in named or pages():
        page = worked(path)
        wrong += page.wrong
        if write:
            path.write_text(page.text, encoding="utf-8")
    print("\n".join(wrong))
    return int(bool(wrong) and not write)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
