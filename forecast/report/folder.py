"""An output folder that is whole or not there: written beside its place, then put into it in one move."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forecast.errors import OutputError

PROGRAM = "forecast"
MANIFEST = "manifest.json"


@contextmanager
def output_folder(path: str | Path) -> Iterator[Path]:
    """Yield an empty folder; when the block ends well, it takes the place of `path`.

    If the block fails or is interrupted, `path` is left as it was. Files in `path` that its manifest does not list
    belong to somebody else: they are carried over.

    Raises
    ------
    OutputError
        Something that this program did not write stands at `path`, or the place cannot be written to.
    """
    target = check_output_folder(path)
    workspace = _workspace(target)
    try:
        fresh = workspace / "new"
        fresh.mkdir()
        yield fresh
        _carry_over(target, fresh)
        _swap(fresh, target, workspace / "old")
    finally:
        shutil.rmtree(workspace, ignore_errors=True)


def check_output_folder(path: str | Path) -> Path:
    """Return the resolved folder, or say why nothing may be written there; touches nothing.

    Raises
    ------
    OutputError
        A file, a folder of somebody else's, or the current folder stands at `path`.
    """
    target = Path(path).resolve()
    if target.exists() and not target.is_dir():
        raise OutputError(f"{path}: is a file; name a folder")
    if Path.cwd().is_relative_to(target):
        raise OutputError(f"{path}: is the current folder or holds it; name a folder inside it")
    if target.is_dir() and any(target.iterdir()) and _manifest(target) is None:
        raise OutputError(f"{path}: is not empty and was not written by this program; name a new or an empty folder")
    return target


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_in(folder: Path) -> list[Path]:
    """Return the files below a folder, in the order of their names."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _manifest(folder: Path) -> dict[str, dict[str, str]] | None:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return manifest if manifest["program"] == PROGRAM and isinstance(manifest["files"], dict) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _workspace(target: Path) -> Path:
    anchor = next(folder for folder in target.parents if folder.exists())
    try:
        return Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=anchor))
    except OSError as error:
        raise OutputError(f"{target}: cannot be written: {error.strerror}") from None


def _carry_over(target: Path, fresh: Path) -> None:
    listed = (_manifest(target) or {"files": {}})["files"]
    for path in files_in(target):
        name = path.relative_to(target)
        copy = fresh / name
        if name.as_posix() not in {*listed, MANIFEST} and not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)


def _swap(fresh: Path, target: Path, aside: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            target.rename(aside)
        fresh.rename(target)
    except BaseException as error:
        if aside.exists() and not target.exists():
            aside.rename(target)
        if isinstance(error, OSError):
            raise OutputError(f"{target}: cannot be replaced: {error.strerror}") from error
        raise
