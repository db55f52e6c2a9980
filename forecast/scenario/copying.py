"""A new case: copied from another one, or blank; what is to be replaced is marked."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from forecast.errors import OutputError
from forecast.scenario.case import Case, case_files, find_case, read_case
from forecast.scenario.layers import read_toml

BLANK = "blank"
MARK = "[template]"
"""Stands before every reason that belongs to the template and not to the new market."""

_BLANK_FOLDER = Path(__file__).resolve().parent / "blank"
_REASON = re.compile(rf'(\bbecause\s*=\s*")(?!{re.escape(MARK)})')
_TITLE = re.compile(r'^title\s*=\s*".*"$', re.MULTILINE)


def new_case(folder: str | Path, *, template: str | Path = BLANK) -> Path:
    """Start a case of one's own from another one, or from a blank one.

    The files that the template's `case.toml` names are copied, and its stories. Every reason is marked "[template]"
    until it is replaced; the README says what to do, not what the template was about.

    Parameters
    ----------
    folder
        Where the new case goes; must not exist yet.
    template
        A case folder, the name of a bundled case, or "blank".

    Raises
    ------
    CaseError
        If there is no such template, or it has problems itself.
    OutputError
        If the folder exists or cannot be written.
    """
    target = Path(folder)
    origin = _BLANK_FOLDER if str(template) == BLANK else find_case(template)
    if target.exists():
        raise OutputError(f"{target} exists already; choose a folder that does not")
    if target.resolve().is_relative_to(origin):
        raise OutputError(f"{target} lies inside the template {origin}; choose another folder")
    case = read_case(origin)
    half = target.with_name(f".{target.name}.half")
    try:
        _copy(case, half)
        _mark(case, half, target.name)
        half.rename(target)
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return target.resolve()


def template_reasons(folder: Path) -> dict[str, int]:
    """Count the reasons that are still the template's, by the name of the file."""
    texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in _texts(folder)}
    found = {path.relative_to(folder).as_posix(): text.count(MARK) for path, text in texts.items()}
    return {name: count for name, count in found.items() if count}


def _texts(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.suffix in (".toml", ".csv") and path.is_file())


def _copy(case: Case, half: Path) -> None:
    for path in case_files(case):
        copy = half / path.relative_to(case.folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def _mark(case: Case, half: Path, name: str) -> None:
    for path in half.rglob("*.toml"):
        text = _REASON.sub(rf"\g<1>{MARK} ", path.read_text(encoding="utf-8"))
        if path == half / "case.toml":
            text = _TITLE.sub(f'title = "{_title(name)}"', text, count=1)
        path.write_text(text, encoding="utf-8")
    (half / "README.md").write_text(_readme(case, half, name), encoding="utf-8")


def _title(name: str) -> str:
    words = re.sub(r"[\W_]+", " ", name).strip() or "my market"
    return words[:1].upper() + words[1:]


def _readme(case: Case, half: Path, name: str) -> str:
    title = read_toml(half / "case.toml")["title"]
    whence = "a blank case" if case.folder == _BLANK_FOLDER else f"the case {case.name}"
    rows = "\n".join(
        f"| `{path.relative_to(case.folder).as_posix()}` | {_what(case, path)} |" for path in case_files(case)
    )
    return f"""\
# {title}

Started from {whence}. Its numbers are still those of the template, so that everything runs at once: replace them.

1. `case.toml`: title, scope, region, currency, scale, years.
2. {_second(case)}
3. `scenarios/`: the numbers, each with its own reason. A reason that begins with {MARK} is not yet yours.
4. Then:

       forecast check {name}
       forecast run {name} --out out

| file | what |
|---|---|
{rows}
"""


def _second(case: Case) -> str:
    if case.start == "tree":
        return "The driver tree in the scenario files: inputs with their sources, formulas, and the checks."
    return "`estimates.csv`: one row for each publication, with the digits as printed, the sentence and its source."


def _what(case: Case, path: Path) -> str:
    name = path.relative_to(case.folder).as_posix()
    kinds = {
        "case.toml": "the market and the files below",
        case.file.estimates: "published estimates",
        case.file.scopes: "what lies inside what",
        case.file.history: "actual values by year",
        case.file.counts: "indicator counts that are audited against each other",
        case.file.track_record if isinstance(case.file.track_record, str) else "": "how far publishers are trusted",
        case.file.cross_check: "the market from the other side",
    }
    return kinds.get(name, "a scenario" if name in case.file.scenarios else "a story, run by its name")
