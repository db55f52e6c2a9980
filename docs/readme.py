"""Write what the commands of the README print today into the README; the tests hold it to that."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"
COMMAND = [sys.executable, "-m", "forecast.cli", "run", "regenerative_medicine", "--out", "out"]
BLOCK = r"(?<=^```{}\n).*?(?=^```$)"


def printed(command: list[str]) -> str:
    """Return what a command prints, without blanks at the ends of lines."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def main() -> None:
    """Replace the two blocks of output, the command line's and Python's."""
    text = README.read_text(encoding="utf-8")
    code = re.search(BLOCK.format("python"), text, re.DOTALL | re.MULTILINE)
    assert code is not None
    outputs = iter([printed(COMMAND), printed([sys.executable, "-c", code[0]])])
    text = re.sub(BLOCK.format("text"), lambda _: next(outputs), text, flags=re.DOTALL | re.MULTILINE)
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
