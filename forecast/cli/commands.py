"""What each command does: one verb of the package, and its result shown.

Heavy libraries are loaded by the command that needs them, so that `--help` and `--version` answer at once.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from forecast.cli.output import aligned, differences, findings, progress, show, width
from forecast.errors import ForecastError, InputError, Problem

if TYPE_CHECKING:
    import pandas as pd

    from forecast.scenario import Case

STREAM = "-"


def run(given: argparse.Namespace) -> int:
    """Work a case through and write the results."""
    from forecast.figures import house_style
    from forecast.pipeline import run as work_through
    from forecast.report import check_output_folder, check_report_libraries, run_table, short_table, write_run

    check_output_folder(given.out)
    if given.report:
        check_report_libraries()
    with house_style(language=given.language), progress(shown=not given.quiet) as step:
        result = work_through(_case(given.case, given.scenario), progress=step)
        folder = write_run(result, given.out, report=given.report, progress=step)
    if not given.quiet:
        first = folder / ("report.html" if given.report else "summary.md")
        notes = "\n".join(f"note: {note}" for note in result.case.notes)
        parts = [short_table(result), notes, f"Written to {folder}; read {first} first.\n"]
        show(run_table(result), given.format, lambda _: "\n\n".join(filter(None, parts)))
    return 0


def _case(name: str, scenarios: list[str] | None) -> Case:
    from forecast.scenario import read_case

    case = read_case(name)
    return case.chosen(scenarios) if scenarios else case


def check(given: argparse.Namespace) -> int:
    """Read cases and report every problem of all of them."""
    import pandas as pd

    rows, problems = [], list[str]()
    for name in given.cases:
        found, said = _checked(name, quiet=given.format != "table")
        rows += found
        label = f"{name}: " if len(given.cases) > 1 else ""
        problems += [f"{label}{problem}" for problem in said]
    if given.format != "table":
        columns = ["case", "place", "found", "allowed", "remedy"]
        show(pd.DataFrame(rows, columns=columns), given.format, aligned)
        return 2 if problems else 0
    if problems:
        raise InputError(problems)
    return 0


def _checked(name: str, *, quiet: bool) -> tuple[list[tuple[str, ...]], list[str | Problem]]:
    """Problems of one case as rows and as sentences; a line about it where there is none."""
    from forecast.scenario import check_case, template_reasons

    try:
        case = check_case(name)
    except ForecastError as error:
        said = list(getattr(error, "problems", [str(error)]))
        return [(name, *_parts(problem)) for problem in said], said
    if not quiet:
        stories = f", stories {', '.join(case.stories)}" if case.stories else ""
        print(
            f"{name}: {len(case.estimates)} estimates, scenarios {', '.join(case.scenarios)}{stories}; no problem found"
        )
        for note in case.notes:
            print(f"{name}: note: {note}")
        left = template_reasons(case.folder)
        if left:
            listed = ", ".join(f"{file} ({count})" for file, count in left.items())
            print(f"{name}: {sum(left.values())} places still marked [template], to be replaced: {listed}")
    return [], []


def _parts(problem: str | Problem) -> tuple[str, str, str, str]:
    if isinstance(problem, Problem):
        return problem.place, problem.found, problem.allowed, problem.remedy
    return "", problem, "", ""


def list_names(given: argparse.Namespace) -> int:
    """Name the bundled cases, or the scenarios and stories of one case."""
    from forecast.scenario import case_list, read_case, scenario_list

    if given.case:
        show(scenario_list(read_case(given.case)), given.format, _named)
    else:
        show(case_list(), given.format, _named)
    return 0


def _named(table: pd.DataFrame) -> str:
    widest = table["name"].str.len().max()
    rows = zip(table["name"], table["title"], strict=True)
    return "".join(f"{name:<{widest}}  {title}\n" for name, title in rows)


def new(given: argparse.Namespace) -> int:
    """Start a case."""
    from forecast.scenario import new_case

    folder = new_case(given.folder, template=given.template)
    print(f"Written to {folder}; read its README.md, edit case.toml, then: forecast check {shlex.quote(given.folder)}")
    return 0


def show_scenario(given: argparse.Namespace) -> int:
    """Print a scenario with where each value comes from."""
    from forecast.scenario import find_scenario, resolve

    resolved = resolve(find_scenario(given.file), overlays=given.overlay)
    show(resolved.table, given.format, lambda _: resolved.summary(width()) + "\n")
    return 0


def diff(given: argparse.Namespace) -> int:
    """Print what two scenarios do not have in common."""
    from forecast.scenario import diff as differing
    from forecast.scenario import find_scenario

    show(differing(find_scenario(given.a), find_scenario(given.b)), given.format, differences)
    return 0


def schema(given: argparse.Namespace) -> int:
    """Print a JSON Schema."""
    from forecast.estimates.columns import json_schema
    from forecast.scenario import schema as schema_of

    found = json_schema() if given.file == "estimates" else schema_of(given.file)
    print(json.dumps(found, ensure_ascii=False, indent=2))
    return 0


def completion(given: argparse.Namespace) -> int:
    """Print a script for a shell."""
    from forecast.cli.arguments import parser
    from forecast.cli.completion import completion_script

    print(completion_script(parser(), given.shell), end="")
    return 0


def audit(given: argparse.Namespace) -> int:
    """Audit a file, a case, or what comes from standard input; 1 where something is of severity high."""
    table = _audited(given.file, given.scopes)
    show(table, given.format, findings)
    return int((table["severity"] == "high").any())


def _audited(file: str, scopes: str | None) -> pd.DataFrame:
    from forecast.estimates import audit as audit_estimates
    from forecast.estimates import read_estimates, read_scopes, with_counts
    from forecast.scenario import read_case

    tree = read_scopes(scopes) if scopes else None
    if file == STREAM:
        with _from_stream() as path:
            return audit_estimates(read_estimates(path), tree).table
    if Path(file).is_dir() or not Path(file).suffix:
        case = read_case(file)
        return with_counts(audit_estimates(case.estimates, tree or case.scopes), case.counts).table
    return audit_estimates(read_estimates(file), tree).table


@contextmanager
def _from_stream() -> Iterator[Path]:
    """Standard input as a file of comma-separated values."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stdin.csv"
        path.write_bytes(sys.stdin.buffer.read())
        yield path


def sensitivity(given: argparse.Namespace) -> int:
    """Say which assumption moves a quantity."""
    from forecast.pipeline import run as work_through
    from forecast.sensitivity import parse_quantity, sensitivity_table

    quantity, methods = parse_quantity(given.of), [name.strip() for name in given.method.split(",")]
    with progress(shown=True) as step:
        result = work_through(_case(given.case, [given.scenario] if given.scenario else None), progress=step)
        step("turning the knobs")
        table = sensitivity_table(result, quantity, methods, scenario=given.scenario)
    show(table, given.format, aligned)
    return 0


def template(given: argparse.Namespace) -> int:
    """Write a table of estimates to fill in."""
    from forecast.report import write_template

    if given.path != STREAM:
        print(f"Written to {write_template(given.path)}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        print(write_template(Path(folder) / "estimates.csv").read_text(encoding="utf-8"), end="")
    return 0
