"""A case: one market with its estimates, scopes and scenarios, in one folder."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from pydantic import ValidationError

from forecast.errors import ArgumentError, CaseError, InputError, Problem, ScenarioError, did_you_mean
from forecast.scenario.case_checks import case_notes, case_problems, scenario_problems, track_problems
from forecast.scenario.case_file import CaseFile
from forecast.scenario.case_tables import read_history, read_track_weights
from forecast.scenario.format import dotted, problems_of, valid_parts
from forecast.scenario.layers import files_of, inside, migrate, read_layers, read_toml
from forecast.scenario.scenario import Draft, Scenario, drafted, read_scenario

if TYPE_CHECKING:
    from forecast.estimates import Footing, Scopes
    from forecast.reconcile import Consensus

PACKAGE = Path(__file__).resolve().parents[1]


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
    counts
        Indicator counts, one row each; empty where there are none.
    cross_check
        Scenario with a driver tree that comes to the market from the other side, or None.
    track_record
        Weight of each publisher for its past; empty where there is none.
    """

    folder: Path
    file: CaseFile
    estimates: pd.DataFrame
    scopes: Scopes | None
    scenarios: dict[str, Scenario]
    history: pd.Series[float] | None = None
    counts: pd.DataFrame = field(default_factory=pd.DataFrame)
    cross_check: Scenario | None = None
    track_record: dict[str, float] = field(default_factory=dict)

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
    def start(self) -> str:
        """What projections start from: consensus, history or tree."""
        return self.file.start

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
        keys = [getattr(self.file, key) for key in ("estimates", "scopes", "history", "counts", "track_record")]
        texts = [text for text in keys if text and isinstance(text, str)]
        named = [self.folder / text for text in (*texts, *self.file.scenarios)]
        scenarios = [self.folder / text for text in filter(None, (*self.file.scenarios, self.file.cross_check))]
        return list(dict.fromkeys([self.folder / "case.toml", *named, *(f for s in scenarios for f in files_of(s))]))

    @property
    def stories(self) -> dict[str, Path]:
        """Scenario files in the folder that `case.toml` does not name, by their stem; each is run by its name."""
        named = {(self.folder / text).resolve() for text in (*self.file.scenarios, self.file.cross_check)}
        found = sorted(self.folder.glob("scenarios/**/*.toml"))
        return {path.stem: path for path in found if path.resolve() not in named and _stands(path)}

    @property
    def notes(self) -> list[Problem]:
        """What is no problem and may still be a slip: a region not known or not the case's, an idle scenario."""
        return list(case_notes(self.file, self.estimates, self.scopes, self.scenarios))

    def chosen(self, names: Sequence[str]) -> Case:
        """Return the case with the named scenarios alone, those of `case.toml` or stories, in the order given.

        Raises
        ------
        ArgumentError
            Naming every name that is neither, with a suggestion.
        CaseError
            If a story has problems.
        """
        texts = dict(zip(self.scenarios, self.file.scenarios, strict=True))
        stories = {name: path.relative_to(self.folder).as_posix() for name, path in self.stories.items()}
        known = stories | texts
        unknown = [name for name in names if name not in known]
        if unknown:
            places = [Problem("scenario", repr(name), "", did_you_mean(name, list(known))) for name in unknown]
            raise ArgumentError(places)
        file = self.file.model_copy(update={"scenarios": [known[name] for name in dict.fromkeys(names)]})
        problems: list[str | Problem] = []
        drafts = dict(_read_scenarios(file.scenarios, self.folder, problems))
        problems += scenario_problems(file, drafts.values())
        if problems:
            raise CaseError(problems)
        return replace(self, file=file, scenarios={name: draft.scenario for name, draft in drafts.items()})

    def reconcile(self) -> Consensus:
        """Pool the case's estimates, and its history as measured actuals; see `forecast.reconcile`.

        Raises
        ------
        ArgumentError
            If the case does not start from a consensus of estimates.
        """
        from forecast.reconcile import reconcile

        if self.estimates.empty:
            remedy = f"its projections start from the {self.start}"
            raise ArgumentError(Problem(f"case {self.name}", "no estimates", "a case with estimates", remedy))

        return reconcile(
            self.estimates,
            scope=self.scope,
            scopes=self.scopes,
            reference_year=self.reference_year,
            prior=self.prior or None,
            track_record=self.track_record or None,
            history=self.history,
        )


def _stands(path: Path) -> bool:
    """Whether a file is a scenario and not an overlay; one that cannot be read is taken for a scenario."""
    try:
        return bool({"growth", "extends"} & set(read_toml(path)))
    except ScenarioError:
        return True


def case_files(case: Case) -> list[Path]:
    """Every file of a case, with its stories and what they extend."""
    stories = [file for path in case.stories.values() for file in files_of(path)]
    return list(dict.fromkeys([*case.files, *stories]))


def check_case(path_or_name: str | Path) -> Case:
    """Read a case with all its stories, and pool its estimates where its projections start from them.

    Raises
    ------
    CaseError, ArgumentError, FootingError
        Listing every problem.
    """
    case = read_case(path_or_name)
    if case.stories:
        case.chosen([*case.scenarios, *case.stories])
    if case.start == "consensus":
        case.reconcile()
    return case


def scenario_list(case: Case) -> pd.DataFrame:
    """Scenarios of a case, and its stories: `name, title, probability, kind, file`."""
    texts = dict(zip(case.scenarios, case.file.scenarios, strict=True))
    rows = [(n, s.title or n, s.probability, "scenario", texts[n]) for n, s in case.scenarios.items()]
    for name, path in case.stories.items():
        story = read_scenario(path)
        rows.append((name, story.title or name, None, "story", path.relative_to(case.folder).as_posix()))
    return pd.DataFrame(rows, columns=["name", "title", "probability", "kind", "file"])


def find_scenario(text: str | Path) -> Path:
    """File of a scenario: a path, or CASE/NAME with the name of a scenario or story of a case.

    Raises
    ------
    ScenarioError
        If there is no such file and no such scenario.
    """
    path = Path(text)
    if path.is_file() or path.suffix or len(path.parts) < 2:
        return path
    folder = find_case(path.parent)
    files = {file.stem: file for file in sorted(folder.glob("scenarios/**/*.toml"))}
    if path.name not in files:
        raise ScenarioError(Problem(str(text), "no such scenario", "", did_you_mean(path.name, list(files))))
    return files[path.name]


def case_names() -> list[str]:
    """Names of the cases that come with the package."""
    folders = [folder for folder in _bundled() if folder.is_dir()]
    return sorted({path.parent.name for folder in folders for path in folder.glob("*/case.toml")})


def case_list() -> pd.DataFrame:
    """Bundled cases: `name, title, folder`."""
    folders = {name: find_case(name) for name in case_names()}
    rows = [(name, read_toml(folder / "case.toml").get("title", ""), str(folder)) for name, folder in folders.items()]
    return pd.DataFrame(rows, columns=["name", "title", "folder"])


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
    file = _read_file(folder, problems)
    named = {key: getattr(file, key) for key in CaseFile.model_fields}
    estimates = _collected(problems, partial(_read_estimates, named["estimates"] or "", folder))
    scopes = _collected(problems, partial(_read_scopes, named["scopes"] or "", folder))
    history = _collected(problems, partial(_read_history, named["history"] or "", folder))
    counts = _collected(problems, partial(_read_counts, named["counts"] or "", folder))
    drafts = dict(_read_scenarios(named["scenarios"] or [], folder, problems))
    other = _collected(problems, partial(_read_cross_check, named["cross_check"] or "", folder))
    record = _collected(problems, partial(_read_track_record, named["track_record"] or {}, folder))
    problems += case_problems(file, estimates, scopes, drafts, other)
    problems += track_problems(file, estimates, record)
    if problems:
        raise CaseError(problems)
    scenarios = {name: draft.scenario for name, draft in drafts.items()}
    return Case(folder, file, estimates, scopes, scenarios, history, counts, other, record)


def _collected(problems: list[str | Problem], read: Callable[[], Any]) -> Any:
    """Call a reader; note its problems and give None if it has any."""
    try:
        return read()
    except InputError as error:
        problems.extend(error.problems)
        return None


def _read_file(folder: Path, problems: list[str | Problem]) -> CaseFile:
    """Keys of the case file; a wrong one is None."""
    try:
        table = migrate(read_toml(folder / "case.toml"), "case.toml")
    except ScenarioError as error:
        raise CaseError(error.problems) from None
    try:
        return CaseFile.model_validate(table)
    except ValidationError as error:
        problems += problems_of(error, lambda at: f"case.toml, {dotted(at)}" if at else "case.toml", owner=CaseFile)
        return CaseFile.model_construct(**valid_parts(CaseFile, table))


def _path(text: str, key: str, folder: Path) -> Path:
    return inside(text, folder, folder, f"case.toml, {key}")


def _read_estimates(text: str, folder: Path) -> pd.DataFrame:
    from forecast.estimates import read_estimates
    from forecast.estimates.columns import NAMES

    if not text:
        return pd.DataFrame(columns=list(NAMES), dtype=str)
    path = _path(text, "estimates", folder)
    if not path.exists():
        found = f"{text!r}, which is no file of the case"
        raise CaseError(Problem("case.toml, estimates", found, "a table of estimates", _other_tables(path)))
    return read_estimates(path)


def _other_tables(path: Path) -> str:
    """Suggest a table of estimates that lies where another is looked for."""
    tables = {found.stem: found.name for kind in ("csv", "tsv", "xlsx") for found in path.parent.glob(f"*.{kind}")}
    near = difflib.get_close_matches(path.stem, list(tables), n=1, cutoff=0.7)
    return f"did you mean '{tables[near[0]]}'?" if near else ""


def _read_scopes(text: str, folder: Path) -> Scopes | None:
    from forecast.estimates import read_scopes

    return read_scopes(_path(text, "scopes", folder)) if text else None


def _read_counts(text: str, folder: Path) -> pd.DataFrame:
    from forecast.estimates import read_counts

    return read_counts(_path(text, "counts", folder)) if text else pd.DataFrame()


def _read_cross_check(text: str, folder: Path) -> Scenario | None:
    return read_scenario(_path(text, "cross_check", folder)) if text else None


def _read_history(text: str, folder: Path) -> pd.Series[float] | None:
    return read_history(_path(text, "history", folder)) if text else None


def _read_track_record(named: str | dict[str, float], folder: Path) -> dict[str, float]:
    return read_track_weights(_path(named, "track_record", folder)) if isinstance(named, str) else named


def _read_scenarios(texts: list[str], folder: Path, problems: list[str | Problem]) -> Iterator[tuple[str, Draft]]:
    """Scenarios by name, as far as they can be read; what is wrong with them is noted."""
    seen: dict[str, str] = {}
    for position, text in enumerate(texts):
        draft = _collected(problems, partial(_read_named, text, f"scenarios.{position}", folder))
        if draft is None:
            continue
        problems.extend(draft.problems)
        name = draft.scenario.name or Path(text).stem
        if name in seen:
            found = f"{text} is called '{name}' like {seen[name]}"
            problems.append(Problem(f"case.toml, scenarios.{position}", found, "a name of its own for each scenario"))
        seen[name] = text
        yield name, draft


def _read_named(text: str, key: str, folder: Path) -> Draft:
    path = _path(text, key, folder)
    return drafted(read_layers(path), name=path.stem)
