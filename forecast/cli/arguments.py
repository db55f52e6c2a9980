"""The arguments of each command, with its help and examples."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable
from typing import NoReturn

from forecast import __version__
from forecast.cli import commands
from forecast.cli.completion import SHELLS
from forecast.cli.output import FORMATS

FINE, FINDING, BAD_INPUT, FAULT, INTERRUPTED = 0, 1, 2, 70, 130
EXIT_CODES = {
    FINE: "fine",
    FINDING: "`forecast audit` found something of severity high",
    BAD_INPUT: "bad input, or nowhere to write; every problem is listed, and nothing was written",
    FAULT: "a fault of the program itself",
    INTERRUPTED: "interrupted; the output folder is as it was",
}
"""What each exit code means."""

LANGUAGES = ("en", "zh-Hant")
CASE = "folder of a case, or the name of one that comes with the program"
Subparsers = argparse._SubParsersAction


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Print one message and end with the exit code of bad input."""
        self.exit(BAD_INPUT, f"{self.prog}: {message}\nTry: {self.prog} --help\n")


class _Help(argparse.RawDescriptionHelpFormatter):
    """Leave examples as they are, and room for the longest name of a command."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=16)


def parser() -> Parser:
    """Return the parser of the whole command line."""
    top = Parser(
        prog="forecast",
        description="Reconcile market-size estimates that contradict each other, and project the market.",
        epilog=_top_epilog(),
        formatter_class=_Help,
    )
    top.add_argument("--version", action="version", version=f"forecast {__version__}")
    added = top.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    for add in ADDERS:
        add(added)
    return top


def _top_epilog() -> str:
    examples = [
        ("forecast run regenerative_medicine --out out", "a case that comes with the program"),
        ("forecast run my_market --out out --report", "your own, with a page for the browser and a workbook"),
        ("forecast new my_market", "a folder to start from"),
        ("forecast check my_market", "read everything, write nothing"),
        ("forecast audit estimates.csv", "where published numbers contradict each other"),
    ]
    codes = [f"  {code:>3}  {text.replace('`', '')}" for code, text in EXIT_CODES.items()]
    return "\n".join(
        ["examples:", *_lines(examples), "", "exit codes:", *codes, "", "forecast COMMAND --help says more."]
    )


def _lines(examples: list[tuple[str, str]]) -> list[str]:
    wide = max(len(line) for line, _ in examples)
    return [f"  {line:<{wide}}   {text}".rstrip() for line, text in examples]


def _add(
    added: Subparsers[Parser],
    name: str,
    command: Callable[[argparse.Namespace], int],
    text: str,
    examples: list[tuple[str, str]],
) -> Parser:
    description = textwrap.fill(text[0].upper() + text[1:] + ".", 100)
    made: Parser = added.add_parser(
        name,
        help=text,
        description=description,
        epilog="\n".join(["examples:", *_lines(examples)]),
        formatter_class=_Help,
    )
    made.set_defaults(command=command)
    return made


def _add_run(added: Subparsers[Parser]) -> None:
    examples = [
        ("forecast run regenerative_medicine --out out", ""),
        ("forecast run my_market --out out --report", "report.html and workbook.xlsx as well"),
        ("forecast run my_market --out out --scenario base --scenario five_trends", "two scenarios, one a story"),
        ("forecast run my_market --out out --format json", "the short table for a program"),
    ]
    text = "audit, reconcile and project a case, and write the results"
    add = _add(added, "run", commands.run, text, examples).add_argument
    add("case", metavar="CASE", help=CASE)
    add("--out", metavar="DIR", required=True, help="folder for the results; replaced as a whole if it holds a run")
    add(
        "--scenario",
        metavar="NAME",
        action="append",
        help="project this scenario or story only; may be given several times",
    )
    add("--report", action="store_true", help="write report.html and workbook.xlsx as well")
    add("--language", default="en", metavar="LANGUAGE", help="language of the figures: en or zh-Hant (default: en)")
    add("--quiet", action="store_true", help="print nothing unless something is wrong")
    _add_format(add)


def _add_check(added: Subparsers[Parser]) -> None:
    examples = [
        ("forecast check my_market", ""),
        ("forecast check scenarios/*/", "all cases of a folder"),
        ("forecast check my_market --format json", "the problems for an editor or a CI job"),
    ]
    text = "read cases with all their files and stories, and report every problem"
    add = _add(added, "check", commands.check, text, examples).add_argument
    add("cases", metavar="CASE", nargs="+", help=CASE)
    _add_format(add)


def _add_list(added: Subparsers[Parser]) -> None:
    examples = [("forecast list", "cases"), ("forecast list regenerative_medicine", "its scenarios and stories")]
    text = "name the cases that come with the program, or the scenarios and stories of a case"
    add = _add(added, "list", commands.list_names, text, examples).add_argument
    add("case", metavar="CASE", nargs="?", help=CASE)
    _add_format(add)


def _add_new(added: Subparsers[Parser]) -> None:
    examples = [
        ("forecast new my_market", "a blank case that runs, with examples to replace"),
        ("forecast new my_market --from taiwan_cell_therapy", "a copy with a driver tree"),
    ]
    add = _add(
        added, "new", commands.new, "start a case of your own from a blank one, or from a copy", examples
    ).add_argument
    add("folder", metavar="FOLDER", help="folder of the new case; must not exist yet")
    add("--from", dest="template", metavar="CASE", default="blank", help="case to copy, or blank (default: blank)")


def _add_audit(added: Subparsers[Parser]) -> None:
    examples = [
        ("forecast audit estimates.csv --scopes scopes.toml", ""),
        ("forecast audit my_market", "a case, with its scopes and counts"),
        ("cat estimates.csv | forecast audit - --format csv", "from a pipe"),
    ]
    text = "show where published numbers contradict each other"
    add = _add(added, "audit", commands.audit, text, examples).add_argument
    add("file", metavar="FILE", help="estimates, such as estimates.csv; a case; or - for CSV from standard input")
    add("--scopes", metavar="FILE", help="tree of scopes, such as scopes.toml")
    _add_format(add)


def _add_sensitivity(added: Subparsers[Parser]) -> None:
    examples = [
        ("forecast sensitivity regenerative_medicine --of value:2030", ""),
        ("forecast sensitivity my_market --of cagr:2023-2030 --method tornado,sobol --format csv", ""),
        ("forecast sensitivity my_market --of probability:50@2030 --scenario cautious", ""),
    ]
    text = "say which assumption moves a quantity of a case"
    add = _add(added, "sensitivity", commands.sensitivity, text, examples).add_argument
    add("case", metavar="CASE", help=CASE)
    quantities = "value:2030, cagr:2023-2030, year-above:50, cumulative:2025-2030 or probability:50@2030"
    add("--of", metavar="QUANTITY", required=True, help=quantities)
    add("--method", default="tornado", help="methods, separated by commas (default: tornado)")
    add("--scenario", metavar="NAME", help="scenario or story (default: base, or the middle one)")
    _add_format(add)


def _add_template(added: Subparsers[Parser]) -> None:
    examples = [
        ("forecast template estimates.xlsx", "with drop-downs and hints"),
        ("forecast template - > estimates.csv", "to standard output"),
    ]
    text = "write a table of estimates to fill in, with an example row"
    add = _add(added, "template", commands.template, text, examples).add_argument
    add("path", metavar="PATH", help="file to write, .xlsx or .csv, that must not exist yet; or - for standard output")


def _add_show(added: Subparsers[Parser]) -> None:
    examples = [
        ("forecast show my_market/cautious", "a scenario of a case, by its name"),
        ("forecast show scenarios/base.toml --overlay dear_power.toml", "with an overlay on it"),
    ]
    add = _add(added, "show", commands.show_scenario, "print a scenario with where each value comes from", examples)
    add.add_argument("file", metavar="FILE", help=SCENARIO)
    text = "file to lay over it; may be given several times"
    add.add_argument("--overlay", metavar="FILE", action="append", default=[], help=text)
    _add_format(add.add_argument)


SCENARIO = "scenario file, or CASE/NAME for a scenario of a case"


def _add_diff(added: Subparsers[Parser]) -> None:
    examples = [("forecast diff my_market/base my_market/cautious", "")]
    add = _add(added, "diff", commands.diff, "print what two scenarios do not have in common", examples).add_argument
    add("a", metavar="A", help=SCENARIO)
    add("b", metavar="B", help=SCENARIO)
    _add_format(add)


def _add_schema(added: Subparsers[Parser]) -> None:
    examples = [("forecast schema scenario > scenario.schema.json", "for an editor that knows JSON Schema")]
    add = _add(added, "schema", commands.schema, "print the JSON Schema of a file, for editors", examples).add_argument
    add("file", metavar="KIND", choices=("scenario", "case", "estimates"), help="scenario, case or estimates")


def _add_completion(added: Subparsers[Parser]) -> None:
    examples = [
        ('eval "$(forecast completion bash)"', "in ~/.bashrc"),
        ("forecast completion fish > ~/.config/fish/completions/forecast.fish", ""),
    ]
    text = "print a script that completes commands and options in your shell"
    add = _add(added, "completion", commands.completion, text, examples).add_argument
    add("shell", metavar="SHELL", choices=SHELLS, help="bash, zsh or fish")


def _add_format(add: Callable[..., object]) -> None:
    add("--format", choices=FORMATS, default="table", help="form of what is printed (default: table)")


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
    _add_completion,
)
"""One for each command, in the order of the help."""
