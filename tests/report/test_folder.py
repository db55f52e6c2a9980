"""The output folder is whole or untouched."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from forecast.errors import OutputError
from forecast.report.folder import check_output_folder, output_folder, sha256


def write_folder(path: Path, **texts: str) -> None:
    """Write an output folder with one file for each text."""
    with output_folder(path) as fresh:
        for name, text in texts.items():
            (fresh / name).write_text(text)
        files = {name: sha256(fresh / name) for name in texts}
        (fresh / "manifest.json").write_text(json.dumps({"program": "forecast", "files": files}))


def contents(folder: Path) -> dict[str, str]:
    """Return what stands in a folder, hidden files too."""
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Output folder of an earlier run."""
    write_folder(tmp_path / "out", bands="old")
    return tmp_path / "out"


def test_a_new_folder_gets_its_parents_and_the_usual_permissions(tmp_path: Path) -> None:
    write_folder(tmp_path / "a" / "b" / "out", bands="1")
    (tmp_path / "usual").mkdir()
    assert (tmp_path / "a/b/out").stat().st_mode == (tmp_path / "usual").stat().st_mode
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "usual"]


def test_a_later_run_replaces_the_files_of_an_earlier_one_and_keeps_those_of_others(out: Path) -> None:
    (out / "notes.txt").write_text("mine")
    write_folder(out, houses="new")
    assert contents(out).keys() == {"houses", "manifest.json", "notes.txt"}
    assert list(out.parent.iterdir()) == [out]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_run_that_fails_leaves_the_folder_as_it_was(out: Path, error: type[BaseException]) -> None:
    before = contents(out)

    def fail(fresh: Path) -> None:
        (fresh / "bands").write_text("half")
        raise error

    with pytest.raises(error), output_folder(out) as fresh:
        fail(fresh)
    assert contents(out) == before
    assert list(out.parent.iterdir()) == [out]


@pytest.mark.parametrize("failing", [1, 2])
def test_a_move_that_fails_is_taken_back(out: Path, monkeypatch: pytest.MonkeyPatch, failing: int) -> None:
    before, rename, calls = contents(out), Path.rename, []

    def fragile(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == failing:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fragile)
    with pytest.raises(OutputError, match="cannot be replaced: No space left on device"):
        write_folder(out, bands="new")
    assert contents(out) == before
    assert list(out.parent.iterdir()) == [out]


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_the_folder_as_it_was(out: Path, kind: signal.Signals) -> None:
    code = (
        "import signal, sys, time; from forecast.report.folder import output_folder\n"
        "signal.signal(signal.SIGTERM, signal.default_int_handler)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "with output_folder(sys.argv[1]) as fresh:\n"
        "    (fresh / 'bands').write_text('half'); print('ready', flush=True); time.sleep(60)\n"
    )
    before = contents(out)
    command = [sys.executable, "-c", code, str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(kind)
        assert process.wait(timeout=20) != 0
    assert contents(out) == before
    assert list(out.parent.iterdir()) == [out]


def test_a_link_to_a_folder_stays_a_link(out: Path) -> None:
    link = out.parent / "link"
    link.symlink_to(out)
    write_folder(link, houses="new")
    assert link.is_symlink()
    assert contents(out).keys() == {"houses", "manifest.json"}


@pytest.mark.parametrize("manifest", [None, "", "[]", '{"program": "other", "files": {}}', '{"files": {}}'])
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, manifest: str | None) -> None:
    (tmp_path / "thesis.docx").write_text("years of work")
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(OutputError, match="is not empty and was not written by this program; name a new or an empty"):
        check_output_folder(tmp_path)


def test_a_file_and_the_current_folder_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="out: is a file; name a folder"):
        check_output_folder(tmp_path / "out")
    monkeypatch.chdir(tmp_path)
    for place in (".", ".."):
        with pytest.raises(OutputError, match="is the current folder or holds it; name a folder inside it"):
            check_output_folder(place)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a user whom permissions stop")
def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written: Permission denied"), output_folder(tmp_path / "out"):
        pass


def test_a_place_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written: Not a directory"), output_folder(tmp_path / "file/out"):
        pass
