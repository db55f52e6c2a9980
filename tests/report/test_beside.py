"""Work in a second process: done once, done here where the copy fails, given up with the block."""

import os
import threading
import time

import pytest

from forecast.report.beside import beside


def test_the_work_is_done_when_the_block_ends(tmp_path):
    with beside(lambda: (tmp_path / "made").write_text(str(os.getpid())) and None):
        (tmp_path / "meanwhile").touch()
    assert (tmp_path / "made").read_text()
    assert (tmp_path / "meanwhile").exists()


def test_work_that_fails_raises_here():
    def work():
        raise ValueError("no such figure")

    with pytest.raises(ValueError, match="no such figure"), beside(work):
        pass


def test_work_that_only_the_copy_cannot_do_is_done_here(tmp_path):
    own = os.getpid()

    def work():
        if os.getpid() != own:
            raise MemoryError
        (tmp_path / "made").touch()

    with beside(work):
        pass
    assert (tmp_path / "made").exists()


def test_an_error_in_the_block_ends_the_work(tmp_path):
    def work():
        time.sleep(60)
        (tmp_path / "made").touch()

    started = time.monotonic()
    with pytest.raises(KeyError, match="block"), beside(work):
        raise KeyError("block")
    assert time.monotonic() - started < 30
    assert not (tmp_path / "made").exists()


def test_with_another_thread_the_work_is_done_here(tmp_path):
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    try:
        with beside(lambda: (tmp_path / "made").write_text(str(os.getpid())) and None):
            assert not (tmp_path / "made").exists()
    finally:
        done.set()
        other.join()
    assert (tmp_path / "made").read_text() == str(os.getpid())
