"""Write what the commands of the README print and draw today into the README; the tests hold it to that."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"
COMMAND = [sys.executable, "-m", "forecast.cli", "run", "regenerative_medicine", "--out", "out"]
PICTURE = "docs/images/projection.png"
BLOCK = r"(?<=^```{}\n).*?(?=^```$)"


def printed(command: list[str], folder: str) -> str:
    """Return what a command prints in a folder, without blanks at the ends of lines."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def main() -> None:
    """Replace the two blocks of output, the command line's and Python's, and the picture."""
    text = README.read_text(encoding="utf-8")
    code = re.search(BLOCK.format("python"), text, re.DOTALL | re.MULTILINE)
    assert code is not None
    with tempfile.TemporaryDirectory() as folder:
        outputs = iter([printed(COMMAND, folder), printed([sys.executable, "-c", code[0]], folder)])
        shutil.copyfile(Path(folder) / "out/figures/projection.png", README.parent / PICTURE)
    text = re.sub(BLOCK.format("text"), lambda _: next(outputs), text, flags=re.DOTALL | re.MULTILINE)
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
