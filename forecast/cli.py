"""The command `forecast`.

Exit codes: 0 fine; 1 the audit has a finding of severity high; 2 bad input or nowhere to write; 130 interrupted.
Heavy libraries are loaded by the command that needs them, so that `--help` and `--version` answer at once.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import textwrap
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from forecast import __version__
from forecast.errors import ForecastError, InputError

if TYPE_CHECKING:
    import pandas as pd

    from forecast.scenario import Case

FINE, FINDING, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
BOLD, RED, YELLOW = "1", "31", "33"
SEVERITIES = {"high": RED, "medium": YELLOW, "low": BOLD, "none": BOLD}

EXAMPLES = """\
examples:
  forecast run regenerative_medicine --out out       a case that comes with the program
  forecast run my_market --out out --scenario base   a case of your own, one scenario
  forecast run my_market --out out --report          with a page for the browser and a workbook
  forecast check my_market                           read everything, write nothing
  forecast audit estimates.csv --scopes scopes.toml  where published numbers contradict each other
  forecast template estimates.xlsx                   a sheet to fill in
  forecast new my_market                             a copy of a case to start from

exit codes:
  0 fine   1 the audit has a finding of severity high   2 bad input   130 interrupted
"""


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Print one message and end with the exit code of bad input."""
        self.exit(BAD_INPUT, f"{self.prog}: {message}\nTry: {self.prog} --help\n")


def console() -> NoReturn:
    """Run the command line as a program: a polite kill cleans up like Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    try:
        given = parser().parse_args(arguments)
        code: int = given.command(given)
        sys.stdout.flush()
        return code
    except (ForecastError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            return _reader_gone()
        print(f"{painted('error:', RED, sys.stderr)} {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED


def parser() -> Parser:
    """Return the parser of the whole command line."""
    top = Parser(
        prog="forecast",
        description="Reconcile market-size estimates that contradict each other, and project the market.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"forecast {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    for add in ADDERS:
        add(commands)
    return top


def painted(text: str, colour: str, stream: TextIO) -> str:
    """Return text in a colour where the stream is a terminal that wants colours."""
    return f"\033[{colour}m{text}\033[0m" if stream.isatty() and not os.environ.get("NO_COLOR") else text


def _add(
    commands: argparse._SubParsersAction[Parser], name: str, command: Callable[[argparse.Namespace], int], text: str
) -> Parser:
    added: Parser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    added.set_defaults(command=command)
    return added


def _add_run(commands: argparse._SubParsersAction[Parser]) -> None:
    add = _add(commands, "run", _run, "audit, reconcile and project a case, and write the results").add_argument
    add("case", metavar="CASE", help="folder of a case, or the name of one that comes with the program")
    add("--out", metavar="DIR", required=True, help="folder for the results; replaced as a whole if it holds a run")
    add("--scenario", metavar="NAME", action="append", help="project this scenario only; may be given several times")
    add("--report", action="store_true", help="write report.html and workbook.xlsx as well")
    add("--language", default="en", help="language of the figures: en or zh-Hant (default: en)")
    add("--quiet", action="store_true", help="print nothing unless something is wrong")


def _add_check(commands: argparse._SubParsersAction[Parser]) -> None:
    add = _add(commands, "check", _check, "read cases with all their files and report every problem").add_argument
    add("cases", metavar="CASE", nargs="+", help="folder of a case, or the name of one that comes with the program")


def _add_list(commands: argparse._SubParsersAction[Parser]) -> None:
    _add(commands, "list", _list, "name the cases that come with the program")


def _add_new(commands: argparse._SubParsersAction[Parser]) -> None:
    add = _add(commands, "new", _new, "copy a case to start one of your own from").add_argument
    add("folder", metavar="FOLDER", help="folder of the new case; must not exist yet")
    add("--from", dest="template", metavar="CASE", default="blank", help="case to copy, or blank (default: blank)")


def _add_show(commands: argparse._SubParsersAction[Parser]) -> None:
    add = _add(commands, "show", _show, "print a scenario with where each value comes from").add_argument
    add("file", metavar="FILE", help="scenario file")
    add(
        "--overlay", metavar="FILE", action="append", default=[], help="file to lay over it; may be given several times"
    )
    _add_format(add)


def _add_diff(commands: argparse._SubParsersAction[Parser]) -> None:
    add = _add(commands, "diff", _diff, "print what two scenarios do not have in common").add_argument
    add("a", metavar="A", help="scenario file")
    add("b", metavar="B", help="scenario file")
    _add_format(add)


def _add_schema(commands: argparse._SubParsersAction[Parser]) -> None:
    add = _add(commands, "schema", _schema, "print the JSON Schema of a file, for editors").add_argument
    add("file", metavar="KIND", choices=("scenario", "case", "estimates"), help="scenario, case or estimates")


def _add_audit(commands: argparse._SubParsersAction[Parser]) -> None:
    add = _add(commands, "audit", _audit, "show where published numbers contradict each other").add_argument
    add("file", metavar="FILE", help="estimates, such as estimates.csv")
    add("--scopes", metavar="FILE", help="tree of scopes, such as scopes.toml")
    _add_format(add)


def _add_sensitivity(commands: argparse._SubParsersAction[Parser]) -> None:
    add = _add(commands, "sensitivity", _sensitivity, "say which assumption moves a quantity of a case").add_argument
    add("case", metavar="CASE", help="folder of a case, or the name of one that comes with the program")
    quantities = "value:2030, cagr:2023-2030, year-above:50, cumulative:2025-2030 or probability:50@2030"
    add("--of", metavar="QUANTITY", required=True, help=quantities)
    add("--method", default="tornado", help="methods, separated by commas (default: tornado)")
    add("--scenario", metavar="NAME", help="scenario (default: base, or the middle one)")
    _add_format(add)


def _add_template(commands: argparse._SubParsersAction[Parser]) -> None:
    text = "write a table of estimates to fill in, with an example row"
    add = _add(commands, "template", _template, text).add_argument
    add("path", metavar="PATH", help="file to write, such as estimates.xlsx or estimates.csv; must not exist yet")


def _add_format(add: Callable[..., object]) -> None:
    add("--format", choices=("table", "csv", "json"), default="table", help="form of the output (default: table)")


ADDERS = (
    _add_run,
    _add_check,
    _add_list,
    _add_new,
    _add_audit,
    _add_sensitivity,
    _add_template,
    _add_show,
    _add_diff,
    _add_schema,
)
"""One for each command, in the order of the help."""


def _run(given: argparse.Namespace) -> int:
    from forecast.figures import house_style
    from forecast.pipeline import run
    from forecast.report import check_output_folder, short_table, write_run
    from forecast.scenario import read_case

    check_output_folder(given.out)
    with house_style(language=given.language), _progress(shown=not given.quiet) as progress:
        result = run(_chosen(read_case(given.case), given.scenario), progress=progress)
        folder = write_run(result, given.out, report=given.report, progress=progress)
    if not given.quiet:
        print(f"{short_table(result)}\n\nWritten to {folder}; read {folder / 'summary.md'} first.")
    return FINE


def _chosen(case: Case, names: list[str] | None) -> Case:
    return case.chosen(names) if names else case


def _check(given: argparse.Namespace) -> int:
    from forecast.scenario import read_case

    problems: list[str] = []
    for name in given.cases:
        try:
            case = read_case(name)
            if case.start == "consensus":
                case.reconcile()
        except ForecastError as error:
            label = f"{name}: " if len(given.cases) > 1 else ""
            problems += [f"{label}{problem}" for problem in getattr(error, "problems", [error])]
        else:
            print(f"{name}: {len(case.estimates)} estimates, scenarios {', '.join(case.scenarios)}; no problem found")
    if problems:
        raise InputError(problems)
    return FINE


def _list(_: argparse.Namespace) -> int:
    from forecast.scenario import case_list

    cases = case_list()
    width = cases["name"].str.len().max()
    print("\n".join(f"{name:<{width}}  {title}" for name, title in zip(cases["name"], cases["title"], strict=True)))
    return FINE


def _new(given: argparse.Namespace) -> int:
    from forecast.scenario import new_case

    folder = new_case(given.folder, template=given.template)
    print(f"Written to {folder}; edit case.toml first, then: forecast check {given.folder}")
    return FINE


def _show(given: argparse.Namespace) -> int:
    from forecast.scenario import resolve

    resolved = resolve(given.file, overlays=given.overlay)
    _print(resolved.table, given.format, lambda _: resolved.summary() + "\n")
    return FINE


def _diff(given: argparse.Namespace) -> int:
    from forecast.scenario import diff

    _print(diff(given.a, given.b), given.format, _differences)
    return FINE


def _schema(given: argparse.Namespace) -> int:
    from forecast.estimates.columns import json_schema
    from forecast.scenario import schema

    found = json_schema() if given.file == "estimates" else schema(given.file)
    print(json.dumps(found, ensure_ascii=False, indent=2))
    return FINE


def _audit(given: argparse.Namespace) -> int:
    from forecast.estimates import audit, read_estimates, read_scopes

    scopes = read_scopes(given.scopes) if given.scopes else None
    table = audit(read_estimates(given.file), scopes).table
    _print(table, given.format, _findings)
    return FINDING if (table["severity"] == "high").any() else FINE


def _sensitivity(given: argparse.Namespace) -> int:
    from forecast.pipeline import run
    from forecast.sensitivity import parse_quantity, sensitivity_table

    quantity, methods = parse_quantity(given.of), [name.strip() for name in given.method.split(",")]
    with _progress(shown=True) as progress:
        result = run(given.case, progress=progress)
        progress("turning the knobs")
        table = sensitivity_table(result, quantity, methods, scenario=given.scenario)
    _print(table, given.format, lambda found: found.to_string(index=False, float_format="{:.4g}".format) + "\n")
    return FINE


def _template(given: argparse.Namespace) -> int:
    from forecast.report import write_template

    print(f"Written to {write_template(given.path)}")
    return FINE


def _print(table: pd.DataFrame, form: str, text: Callable[[pd.DataFrame], str]) -> None:
    """Print a table as CSV or JSON for machines, or as text for people."""
    if form == "csv":
        from forecast.report import csv_text

        print(csv_text(table), end="")
    elif form == "json":
        print(table.to_json(orient="records", force_ascii=False, indent=2))
    else:
        print(text(table), end="")


def _differences(table: pd.DataFrame) -> str:
    lines = [
        f"{key}\n  {a or '-'}  [{a_file}]\n  {b or '-'}  [{b_file}]\n" for key, a, b, a_file, b_file in table.to_numpy()
    ]
    return "".join(lines) or "no difference\n"


def _findings(table: pd.DataFrame) -> str:
    """Write findings as text: severity, check and rows, then the sentence."""
    lines = [line for found in table.to_dict("records") for line in _finding(found)]
    counts = table["severity"].value_counts()
    total = ", ".join(f"{counts[name]} {name}" for name in SEVERITIES if name in counts)
    return "\n".join([*lines, f"{len(table)} findings: {total}" if total else "no findings", ""])


def _finding(found: Mapping[Hashable, Any]) -> list[str]:
    severity = painted(f"{found['severity']:<8}", SEVERITIES[found["severity"]], sys.stdout)
    rows = " / ".join(filter(None, (found["id"], found["other_id"])))
    width = shutil.get_terminal_size().columns
    indent = " " * 8
    sentence = textwrap.fill(found["explanation"], width, initial_indent=indent, subsequent_indent=indent)
    return [f"{severity}{found['check']}: {rows}", sentence, ""]


@contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[str], None]]:
    """Give a function that shows the current step, on a terminal only, and clear the line at the end."""
    live = shown and sys.stderr.isatty()

    def show(step: str) -> None:
        if live:
            print(f"\r\033[K{step}", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        show("")


def _reader_gone() -> int:
    """Stop without a word when the reader of a pipe has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FINE


if __name__ == "__main__":
    console()
