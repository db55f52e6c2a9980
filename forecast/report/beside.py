"""Some work in a second process while this one goes on."""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def beside(work: Callable[[], None]) -> Iterator[None]:
    """Do some work in a copy of this process while the block runs.

    Only what the work writes to files is kept. Where this process cannot be copied safely, has no second processor to
    use, or the copy fails, the work is done here after the block; so its errors are raised here too.
    """
    helper = _started(work) if _can_copy() else None
    try:
        yield
    except BaseException:
        if helper is not None:
            os.kill(helper, signal.SIGKILL)
            os.waitpid(helper, 0)
        raise
    if helper is None or os.waitpid(helper, 0)[1] != 0:
        work()


def _can_copy() -> bool:
    """Whether there is a second processor, and no other thread whose locks a copy would hold for ever."""
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1 and threading.active_count() == 1


def _started(work: Callable[[], None]) -> int:
    """Number of the process that does the work."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        helper = os.fork()
    if helper == 0:
        _work_and_leave(work)
    return helper


def _work_and_leave(work: Callable[[], None]) -> None:
    failed = 1
    try:
        work()
        failed = 0
    finally:
        os._exit(failed)
