"""A case: one market with its estimates, scopes and scenarios, in one folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import pandas as pd
from pydantic import Field, ValidationError, model_validator

from forecast.errors import CaseError, InputError, Problem, ScenarioError, did_you_mean
from forecast.scenario.format import Format, Number, Year, dotted, problems_of, refuse
from forecast.scenario.layers import inside, migrate, read_toml
from forecast.scenario.scenario import Scenario, read_scenario

if TYPE_CHECKING:
    from forecast.estimates import Footing, Scopes
    from forecast.reconcile import Consensus

PACKAGE = Path(__file__).resolve().parents[1]


class FootingTable(Format):
    """What the money numbers of a case are in."""

    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    """ISO 4217 code."""
    scale: str
    """unit, thousand, million, billion or trillion."""
    price_basis: str
    """nominal, or real with a year."""
    value_basis: str
    """What is counted, such as product sales."""


class CaseFile(Format):
    """The keys of `case.toml`."""

    schema_version: Literal[1] = Field(alias="schema")
    """Version of the file format."""
    title: str
    """Title in figures and reports."""
    because: str = ""
    """What the case is for."""
    scope: str
    """Scope of the consensus, one of the scopes of the scopes file."""
    geography: str = "global"
    """Region of the consensus."""
    reference_year: Year
    """Year in which sources are compared."""
    end: Year
    """Last year of the projections."""
    footing: FootingTable
    """What the money numbers are in."""
    estimates: str = "estimates.csv"
    """File of published estimates."""
    scopes: str = ""
    """File of scopes; none where empty."""
    history: str = ""
    """File of actual values with columns year and value; none where empty."""
    scenarios: Annotated[list[str], Field(min_length=1)]
    """Scenario files, in the order of tables and figures."""
    prior: dict[str, Number | str] = Field(default={})
    """Settings of the reconciliation that differ from the defaults."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end < self.reference_year:
            raise refuse("an end that is not before the reference_year", f"end is {self.end}")
        return self


@dataclass(frozen=True, eq=False)
class Case:
    """One market: what is printed about it, and how it may go on.

    Parameters
    ----------
    folder
        Where it was read.
    file
        The keys of `case.toml`.
    estimates
        One row per printed estimate; the columns of the estimates contract.
    scopes
        Tree of scopes, or None.
    scenarios
        By name, in the order of `case.toml`.
    history
        Actual values by year, or None.
    """

    folder: Path
    file: CaseFile
    estimates: pd.DataFrame
    scopes: Scopes | None
    scenarios: dict[str, Scenario]
    history: pd.Series[float] | None = None

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.name

    @property
    def title(self) -> str:
        """Title in figures and reports."""
        return self.file.title

    @property
    def scope(self) -> str:
        """Scope of the consensus."""
        return self.file.scope

    @property
    def geography(self) -> str:
        """Region of the consensus."""
        return self.file.geography

    @property
    def reference_year(self) -> int:
        """Year in which sources are compared."""
        return self.file.reference_year

    @property
    def end(self) -> int:
        """Last year of the projections."""
        return self.file.end

    @property
    def prior(self) -> dict[str, float | str]:
        """Settings of the reconciliation that differ from the defaults."""
        return dict(self.file.prior)

    @property
    def footing(self) -> Footing:
        """What the money numbers are in."""
        from forecast.estimates import Footing

        return Footing(**self.file.footing.model_dump())

    @property
    def files(self) -> list[Path]:
        """Every file the case was read from."""
        return [self.folder / "case.toml", *(path for _, path in _named_files(self.file, self.folder))]

    def reconcile(self) -> Consensus:
        """Pool the case's estimates; see `forecast.reconcile`."""
        from forecast.reconcile import reconcile

        return reconcile(
            self.estimates,
            scope=self.scope,
            scopes=self.scopes,
            reference_year=self.reference_year,
            prior=self.prior or None,
        )


def case_names() -> list[str]:
    """Names of the cases that come with the package."""
    folders = [folder for folder in _bundled() if folder.is_dir()]
    return sorted({path.parent.name for folder in folders for path in folder.glob("*/case.toml")})


def _bundled() -> list[Path]:
    """Where bundled cases lie: in an installed package, or in a checkout."""
    return [PACKAGE / "_cases", PACKAGE.parent / "scenarios"]


def find_case(path_or_name: str | Path) -> Path:
    """Folder of a case.

    Raises
    ------
    CaseError
        If there is neither such a folder nor a bundled case of that name.
    """
    given = Path(path_or_name)
    places = [given, *(folder / given.name for folder in _bundled() if len(given.parts) == 1)]
    found = next((place for place in places if (place / "case.toml").is_file()), None)
    if found is None:
        if given.is_dir():
            raise CaseError(Problem(str(path_or_name), "no case.toml", "a folder with a file case.toml"))
        remedy = did_you_mean(given.name, case_names())
        raise CaseError(
            Problem(str(path_or_name), "no such folder", "a case folder or the name of a bundled case", remedy)
        )
    return found.resolve()


def read_case(path_or_name: str | Path) -> Case:
    """Read a case with everything it names.

    Parameters
    ----------
    path_or_name
        A case folder, or the name of a bundled case.

    Raises
    ------
    CaseError
        Listing every problem of every file.

    Examples
    --------
    >>> read_case("regenerative_medicine").reference_year
    2023
    """
    folder = find_case(path_or_name)
    problems: list[str | Problem] = []
    file = _read_file(folder)
    estimates = _collected(problems, lambda: _read_estimates(_path(file.estimates, "estimates", folder)))
    scopes = _collected(problems, lambda: _read_scopes(_path(file.scopes, "scopes", folder))) if file.scopes else None
    history = (
        _collected(problems, lambda: read_history(_path(file.history, "history", folder))) if file.history else None
    )
    scenarios = dict(_read_scenarios(file, folder, problems))
    _check(file, scopes, scenarios, problems)
    if problems or estimates is None:
        raise CaseError(problems)
    return Case(folder, file, estimates, scopes, scenarios, history)


def _collected(problems: list[str | Problem], read: Callable[[], Any]) -> Any:
    """Call a reader; note its problems and give None if it has any."""
    try:
        return read()
    except InputError as error:
        problems.extend(error.problems)
        return None


def _read_file(folder: Path) -> CaseFile:
    try:
        return CaseFile.model_validate(migrate(read_toml(folder / "case.toml"), "case.toml"))
    except ScenarioError as error:
        raise CaseError(error.problems) from None
    except ValidationError as error:
        raise CaseError(problems_of(error, lambda at: f"case.toml, {dotted(at)}" if at else "case.toml")) from None


def _named_files(file: CaseFile, folder: Path) -> Iterator[tuple[str, Path]]:
    for key in ("estimates", "scopes", "history"):
        if getattr(file, key):
            yield key, _path(getattr(file, key), key, folder)
    for position, text in enumerate(file.scenarios):
        yield f"scenarios.{position}", _path(text, f"scenarios.{position}", folder)


def _path(text: str, key: str, folder: Path) -> Path:
    return inside(text, folder, folder, f"case.toml, {key}")


def _read_estimates(path: Path) -> pd.DataFrame:
    from forecast.estimates import read_estimates

    return read_estimates(path)


def _read_scopes(path: Path) -> Scopes:
    from forecast.estimates import read_scopes

    return read_scopes(path)


def read_history(path: Path) -> pd.Series[float]:
    """Actual values by year from a CSV file with columns year and value."""
    if not path.is_file():
        raise CaseError(Problem(path.name, "no such file", remedy=f"looked at {path}"))
    table = pd.read_csv(path)
    missing = [name for name in ("year", "value") if name not in table]
    if missing:
        raise CaseError([Problem(path.name, f"no column '{name}'", "columns year and value") for name in missing])
    return pd.Series(
        table["value"].to_numpy(float), index=pd.Index(table["year"].to_numpy(int), name="year"), name="value"
    )


def _read_scenarios(file: CaseFile, folder: Path, problems: list[str | Problem]) -> Iterator[tuple[str, Scenario]]:
    for position, text in enumerate(file.scenarios):
        scenario = _collected(problems, partial(_read_named, text, f"scenarios.{position}", folder))
        if scenario is not None:
            yield scenario.name, scenario


def _read_named(text: str, key: str, folder: Path) -> Scenario:
    return read_scenario(_path(text, key, folder))


def _check(
    file: CaseFile, scopes: Scopes | None, scenarios: dict[str, Scenario], problems: list[str | Problem]
) -> None:
    """Note what does not fit between the files."""
    if scopes is not None and file.scope not in scopes.names:
        remedy = did_you_mean(file.scope, list(scopes.names))
        problems.append(Problem("case.toml, scope", repr(file.scope), f"a scope of {file.scopes}", remedy))
    for name, scenario in scenarios.items():
        if scenario.end is not None and scenario.end < file.reference_year:
            allowed = f"a year not before the reference_year {file.reference_year}"
            problems.append(Problem(f"{name}, end", str(scenario.end), allowed))
    stated = [s.probability for s in scenarios.values() if s.probability is not None]
    if stated and abs(sum(stated) - 1) > 1e-9:
        problems.append(Problem("probability", f"a sum of {sum(stated):g}", "scenario probabilities that sum to 1"))
