"""The manifest: what went into a run, with what it was made, and what came out."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast import __version__
from forecast.report.facts import facts_file
from forecast.report.folder import MANIFEST, PROGRAM, files_in, sha256

if TYPE_CHECKING:
    from forecast.scenario import Case

LIBRARIES = ("numpy", "scipy", "pandas", "statsmodels", "matplotlib", "pydantic")


def write_manifest(case: Case, folder: Path, *, settings: dict[str, Any]) -> None:
    """Write the manifest of all that stands in a folder.

    It holds no date, so that the same run gives the same bytes, unless SOURCE_DATE_EPOCH names one.
    """
    content = {
        "program": PROGRAM,
        "version": __version__,
        **_date(),
        "case": {"name": case.name, **case.file.model_dump(mode="json", by_alias=True)},
        "settings": settings,
        "seeds": "none: no number is drawn at random",
        "inputs": input_hashes(case),
        "versions": library_versions(),
        "machine": machine(),
        "files": {path.relative_to(folder).as_posix(): sha256(path) for path in files_in(folder)},
    }
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def input_hashes(case: Case) -> dict[str, str]:
    """Return the SHA-256 of every file that a case was read from, and of the facts beside it."""
    beside = facts_file(case)
    files = {*case.files, *([beside] if beside else [])}
    return {path.relative_to(case.folder).as_posix(): sha256(path) for path in sorted(files)}


def library_versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that the numbers rest on."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in LIBRARIES}}


def machine() -> str:
    """Return system and processor of this machine."""
    return f"{platform.system()} {platform.machine()}"


def _date() -> dict[str, str]:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return {"date": datetime.fromtimestamp(int(epoch), UTC).isoformat()} if epoch else {}
