"""The shape of the package: its names, its layers, what importing it costs, and that its README tells the truth."""

import ast
import graphlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import forecast

LAYERS = """
    errors wording distributions skew mixture scores figures growth analyst_error history estimates reconcile scenario
    start projection engine project pipeline sensitivity explore backtest portfolio report cli
""".split()  # noqa: SIM905 (a list of names reads better as text)
EXPORTED = """
    Cagr Consensus Cumulative Prior Probability Range Value YearAbove __version__ audit backtest balance
    bayes_random_effects break_even bridge classical_weights compare_methods decomposition discover
    evaluate_bands explore fit_growth fit_growths grid history_bands history_mixture influence linear_pool log_pool
    morris new_case normalize project quantile_average random_effects read_case read_estimates read_scenario
    read_scopes read_track_record reconcile reverse_stress run shapley sobol spider tornado write_estimates
""".split()  # noqa: SIM905
PACKAGE = Path(forecast.__file__).parent
HEAVY = {"numpy", "scipy", "pandas", "matplotlib", "statsmodels", "pydantic", "dask"}


def name_of(path: Path) -> str:
    """Dotted name of a module of the package."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


def imported(node: ast.AST) -> Iterator[str]:
    """Dotted names of this package that an import statement loads."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "forecast")
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "forecast":
        yield from (full if (full := f"{node.module}.{alias.name}") in MODULES else node.module for alias in node.names)


def layer(module: str) -> int:
    """Position of a module in the list of layers."""
    return LAYERS.index(module.split(".")[1])


@pytest.mark.parametrize("module", [name for name in MODULES if "." in name])
def test_a_module_imports_only_from_the_layers_above(module: str) -> None:
    wrong = [
        name
        for node in ast.walk(MODULES[module])
        for name in imported(node)
        if (name == "forecast" and layer(module) < layer("forecast.report"))
        or (name != "forecast" and layer(name) > layer(module))
    ]
    assert not wrong


def test_no_module_is_loaded_in_a_circle() -> None:
    graph = {
        module: {
            name
            for node in tree.body
            for name in imported(node)
            if name != module and not (module == "forecast" or name == "forecast")
        }
        for module, tree in MODULES.items()
    }
    list(graphlib.TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("module", [name for name in MODULES if name.count(".") >= 2])
def test_a_module_does_not_import_from_the_front_of_its_own_package(module: str) -> None:
    front = module.rsplit(".", 1)[0]
    assert front not in {name for node in ast.walk(MODULES[module]) for name in imported(node)}


@pytest.mark.parametrize("package", [name for name in MODULES if (PACKAGE.parent / Path(*name.split("."))).is_dir()])
def test_the_front_of_a_package_holds_names_only(package: str) -> None:
    names_only = (ast.Import, ast.ImportFrom, ast.Assign, ast.Expr, ast.If)
    lazy = {"__getattr__", "__dir__", "_Package"} if package == "forecast" else set()
    assert {getattr(node, "name", "") for node in MODULES[package].body if not isinstance(node, names_only)} <= lazy


@pytest.mark.parametrize("statement", ["import forecast", "import forecast.cli"])
def test_importing_is_light(statement: str) -> None:
    code = f"import sys; {statement}; print(*{{name.split('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(loaded.stdout.split())


def test_every_exported_name_is_there_and_documented() -> None:
    assert forecast.__all__ == EXPORTED == sorted(EXPORTED)
    assert set(forecast.__all__) <= set(dir(forecast))
    assert not [name for name in forecast.__all__ if not name.startswith("__") and not getattr(forecast, name).__doc__]


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="reconsile"):
        forecast.reconsile  # noqa: B018


def code_blocks(path: Path, language: str) -> list[str]:
    """Fenced blocks of one language in a Markdown file."""
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_the_python_of_the_readme_prints_what_it_says(root: Path, tmp_path: Path) -> None:
    (code,), (*_, printed) = code_blocks(root / "README.md", "python"), code_blocks(root / "README.md", "text")
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.stderr == ""
    assert [line.rstrip() for line in done.stdout.splitlines()] == printed.splitlines()
