"""The program: what is asked, what is answered, and how it ends.

Nothing is shown as a traceback: bad input is told with all its problems, a fault of the program in one line, with the
traceback where FORECAST_TRACEBACK is set.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from forecast.cli.arguments import BAD_INPUT, FAULT, FINE, INTERRUPTED, parser
from forecast.cli.output import RED, painted
from forecast.errors import ForecastError


def console() -> NoReturn:
    """Run the command line as a program: a polite kill cleans up like Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    _open_closed_streams()
    try:
        given = parser().parse_args(arguments)
        code: int = given.command(given)
        sys.stdout.flush()
    except BrokenPipeError:
        return _without_stdout(FINE)
    except OSError as error:
        _tell(_said(error))
        return _without_stdout(BAD_INPUT)
    except ForecastError as error:
        _tell(str(error))
        return BAD_INPUT
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 (nothing is shown as a traceback)
        return _fault(error)
    return code


def _open_closed_streams() -> None:
    """Let what is written to a stream that was closed before the start go nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115


def _tell(text: str) -> None:
    with contextlib.suppress(OSError):
        print(f"{painted('error:', RED, sys.stderr)} {text}", file=sys.stderr)


def _said(error: OSError) -> str:
    """An error of the system in words: which file, and what is wrong."""
    words = (error.strerror or str(error) or type(error).__name__).lower()
    return f"{error.filename}: {words}" if error.filename else f"the output cannot be written: {words}"


def _fault(error: Exception) -> int:
    if os.environ.get("FORECAST_TRACEBACK"):
        traceback.print_exc()
    what = " ".join(str(error).split())
    _tell(
        f"this is a fault of the program, not of your input: {type(error).__name__}: {what}\n"
        "Set FORECAST_TRACEBACK=1 and run it again for what its makers need to know."
    )
    return FAULT


def _without_stdout(code: int) -> int:
    """Stop without a further word where nobody can read it: the pipe is closed, or the disk is full."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code
