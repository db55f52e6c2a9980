"""Sobol indices, grids and tornadoes: time and error beside SALib (and OpenTURNS where it is installed).

Run: OMP_NUM_THREADS=1 python benchmarks/sensitivity.py

All tools get the same vectorised model of eight inputs, a market that grows for twelve years while its growth fades,
in the same process; CPU seconds are medians of alternating runs. Exact indices come from Gauss rules.
"""

from __future__ import annotations

import importlib.util
import math
import time
from collections.abc import Callable

import numpy as np
from scipy import special

import forecast
from forecast.sensitivity import Value, grid, shapley, sobol, sobol_indices, tornado

POINTS = 2**14
YEARS = 12
REPEATS = 7
HALF_LIFE = (math.log(4.0), 0.4)
START = (math.log(20.0), 0.25)

Array = np.ndarray


def log_market(x: Array) -> Array:
    """Log market after twelve years, x of shape (n, 8), in values."""
    start, first, last, life, share, erosion, shock, noise = x.T
    ratio = np.exp(-math.log(2) / life)
    faded = (1 - ratio**YEARS) / (1 - ratio)
    path = np.log(start) + faded * (first - last) + YEARS * last
    return path + np.log(share) + YEARS * np.log1p(-erosion) + np.log1p(-0.25 * shock) + 0.277 * noise


def market(x: Array) -> Array:
    """The market itself, in money."""
    return np.exp(log_market(x))


MAPS: list[Callable[[Array], Array]] = [
    lambda u: np.exp(START[0] + START[1] * special.ndtri(u)),
    lambda u: 0.18 + 0.045 * special.ndtri(u),
    lambda u: 0.05 + 0.01 * special.ndtri(u),
    lambda u: np.exp(HALF_LIFE[0] + HALF_LIFE[1] * special.ndtri(u)),
    lambda u: 0.85 + 0.15 * u,
    lambda u: 0.04 * u,
    lambda u: 0.3 * u,
    special.ndtri,
]


def exact(model: Callable[[Array], Array]) -> tuple[Array, Array]:
    """First and total order by Gauss rules: the model is a sum, or a product, of four blocks."""
    nodes, weights = zip(*(_rule(k) for k in range(8)), strict=True)
    grow = np.meshgrid(nodes[1], nodes[2], nodes[3], indexing="ij")
    base = [float(MAPS[k](np.array([0.5]))[0]) for k in range(8)]
    blocks: list[tuple[list[int], Array, Array]] = []
    for k in (0, 4, 5, 6, 7):
        x = np.tile(base, (len(nodes[k]), 1))
        x[:, k] = nodes[k]
        blocks.append(([k], log_market(x) - log_market(np.array([base]))[0], weights[k]))
    x = np.tile(base, (grow[0].size, 1))
    x[:, 1:4] = np.column_stack([axis.ravel() for axis in grow])
    joint = np.einsum("i,j,k->ijk", weights[1], weights[2], weights[3])
    blocks.append(([1, 2, 3], (log_market(x) - log_market(np.array([base]))[0]).reshape(joint.shape), joint))
    return _additive(blocks) if model is log_market else _multiplicative(blocks)


def _rule(column: int) -> tuple[Array, Array]:
    if column in (4, 5, 6):
        points, weights = np.polynomial.legendre.leggauss(40)
        return MAPS[column]((points + 1) / 2), weights / 2
    points, weights = np.polynomial.hermite_e.hermegauss(40)
    return MAPS[column](np.clip(special.ndtr(points), 2.0**-54, 1 - 2.0**-53)), weights / weights.sum()


def _within(values: Array, weights: Array, axis: int) -> tuple[float, float, float, float]:
    """Mean, mean square, mean square given one axis, and given all but it."""
    own = [weights.sum(tuple(k for k in range(weights.ndim) if k != a)) for a in range(weights.ndim)]
    others = tuple(k for k in range(weights.ndim) if k != axis)
    given = (values * weights).sum(others) / own[axis]
    rest = np.tensordot(values, own[axis], axes=(axis, 0))
    left = weights.sum(axis)
    return (
        float((values * weights).sum()),
        float((values**2 * weights).sum()),
        float(own[axis] @ given**2),
        float((rest**2 * left).sum()),
    )


def _additive(blocks: list[tuple[list[int], Array, Array]]) -> tuple[Array, Array]:
    first, total, whole = np.zeros(8), np.zeros(8), 0.0
    for columns, values, weights in blocks:
        for axis, column in enumerate(columns):
            mean, square, given, rest = _within(values, weights, axis)
            first[column], total[column] = given - mean**2, square - rest
        whole += square - mean**2
    return first / whole, total / whole


def _multiplicative(blocks: list[tuple[list[int], Array, Array]]) -> tuple[Array, Array]:
    moments = [_within(np.exp(values), weights, 0)[:2] for _, values, weights in blocks]
    mean, square = (math.prod(pair[k] for pair in moments) for k in (0, 1))
    first, total = np.zeros(8), np.zeros(8)
    for (columns, values, weights), (m, s) in zip(blocks, moments, strict=True):
        for axis, column in enumerate(columns):
            given, rest = _within(np.exp(values), weights, axis)[2:]
            first[column] = (mean / m) ** 2 * given - mean**2
            total[column] = square - square / s * rest
    return first / (square - mean**2), total / (square - mean**2)


def ours(model: Callable[[Array], Array], seed: int) -> tuple[Array, Array, Array, Array]:
    """This package."""
    found = sobol_indices(model, MAPS, points=POINTS, seed=seed)
    parts = (found.first.value, found.total.value, found.first.half_width, found.total.half_width)
    return tuple(part[:, 0] for part in parts)  # type: ignore[return-value]


def salib(model: Callable[[Array], Array], seed: int) -> tuple[Array, Array, Array, Array]:
    """SALib with its default of a hundred resamples."""
    from SALib.analyze import sobol as analyze
    from SALib.sample import sobol as sample

    about = {"num_vars": 8, "names": [str(k) for k in range(8)], "bounds": [[1e-12, 1 - 1e-12]] * 8}
    cube = sample.sample(about, POINTS, calc_second_order=False, seed=seed)
    values = model(np.column_stack([map_(column) for map_, column in zip(MAPS, cube.T, strict=True)]))
    found = analyze.analyze(about, values, calc_second_order=False, seed=seed)
    return found["S1"], found["ST"], found["S1_conf"], found["ST_conf"]


def openturns(model: Callable[[Array], Array], seed: int) -> tuple[Array, Array, Array, Array]:
    """OpenTURNS, estimator of Martinez on Sobol points."""
    import openturns as ot

    ot.RandomGenerator.SetSeed(seed)
    ot.ResourceMap.SetAsString("SobolIndicesExperiment-SamplingMethod", "QMC")
    cube = ot.SobolIndicesExperiment(ot.JointDistribution([ot.Uniform(1e-12, 1 - 1e-12)] * 8), POINTS).generate()
    u = np.asarray(cube)
    values = model(np.column_stack([map_(column) for map_, column in zip(MAPS, u.T, strict=True)]))
    found = ot.MartinezSensitivityAlgorithm(cube, ot.Sample(values[:, None]), POINTS)
    first, total = np.array(found.getFirstOrderIndices()), np.array(found.getTotalOrderIndices())
    return first, total, np.full(8, np.nan), np.full(8, np.nan)


def compare() -> None:
    """Time and error of each tool, on the market and on its logarithm."""
    tools = {"forecast": ours}
    tools |= {"SALib": salib} if importlib.util.find_spec("SALib") else {}
    tools |= {"OpenTURNS": openturns} if importlib.util.find_spec("openturns") else {}
    for name, model in (("market", market), ("log market", log_market)):
        truth = exact(model)
        times: dict[str, list[float]] = {tool: [] for tool in tools}
        errors: dict[str, list[float]] = {tool: [] for tool in tools}
        for seed in range(REPEATS):
            for tool, call in tools.items():
                start = time.process_time()
                found = call(model, seed)
                times[tool].append(time.process_time() - start)
                errors[tool].append(max(float(np.abs(found[k] - truth[k]).max()) for k in (0, 1)))
        for tool in tools:
            typical, worst = math.sqrt(np.mean(np.square(errors[tool]))), max(errors[tool])
            print(
                f"{name:10s} {tool:10s} {1000 * np.median(times[tool]):8.1f} ms CPU, "
                f"largest error of 16 indices: typically {typical:.1e}, at worst {worst:.1e}"
            )


def coverage(repetitions: int = 200) -> None:
    """How often 95 % intervals cover the truth."""
    for name, model in (("market", market), ("log market", log_market)):
        truth, inside = exact(model), []
        for seed in range(repetitions):
            found = sobol_indices(model, MAPS, points=2**11, seed=1000 + seed)
            for k, part in enumerate((found.first, found.total)):
                inside.append(np.abs(part.value[:, 0] - truth[k]) <= part.half_width[:, 0])
        print(f"{name:10s} 95 % intervals cover {np.mean(inside):.3f} of {repetitions} repetitions (2^11 points)")


def on_the_cases() -> None:
    """Methods on the three cases."""
    run, cells, tree = (
        forecast.run(name) for name in ("regenerative_medicine", "cell_gene_therapy", "taiwan_cell_therapy")
    )
    calls: dict[str, Callable[[], object]] = {
        "tornado, every input": lambda: tornado(run, Value(2030)),
        "tornado with events": lambda: tornado(cells, Value(2030), scenario="solid_tumours"),
        "tornado in segments": lambda: tornado(cells, Value(2030), scenario="by_segment"),
        "tornado from a tree": lambda: tornado(tree, Value(2030)),
        "grid, 50 by 50 of two drivers": lambda: grid(run, Value(2030), "half life", "growth shift", size=50),
        "grid with events": lambda: grid(
            cells, Value(2030), "half life", "growth shift", size=50, scenario="solid_tumours"
        ),
        "grid from a tree": lambda: grid(tree, Value(2030), "immune price", "new patients: growth", size=50),
        "sobol, 2^14, by year": lambda: sobol(run, Value(2030), points=POINTS),
        "shapley": lambda: shapley(run, Value(2030)),
        "shapley of 20 inputs": lambda: shapley(tree, Value(2030)),
    }
    for name, call in calls.items():
        wall, start = time.perf_counter(), time.process_time()
        call()
        print(f"{name:30s} {time.process_time() - start:6.2f} s CPU, {time.perf_counter() - wall:6.2f} s wall")


if __name__ == "__main__":
    compare()
    coverage()
    on_the_cases()
