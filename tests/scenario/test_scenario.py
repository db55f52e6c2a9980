"""Scenario files: what they may say, and what is said about those that may not be."""

import numpy as np
import pytest
from scipy import stats

from forecast.distributions import Fixed, Lognormal, Range
from forecast.errors import ArgumentError, ScenarioError
from forecast.scenario import read_scenario
from tests.scenario.conftest import BASE

P10_P50_P90 = (0.1, 0.5, 0.9)
GROWTH = '[growth]\ncurve = "fading"\nhalf_life = 4\nterminal_growth = 0.05\n'


def test_drivers_by_their_three_ways(write):
    text = BASE + 'volatility = "5 %"\ngrowth_shift = {family = "normal", low = -0.02, high = 0.02}\n'
    scenario = read_scenario(write("base.toml", text))
    growth = scenario.growth
    assert growth.half_life.distribution == Range(2, 4, 8, positive=True)
    assert growth.terminal_growth.distribution == Range(0.03, 0.05, 0.07)
    assert growth.volatility.distribution == Fixed(0.05)
    assert growth.growth_shift.distribution.percentiles() == pytest.approx((-0.02, 0, 0.02), abs=1e-12)
    assert growth.half_life.because == "as markets do"
    assert scenario.name == "base"
    assert list(scenario.drivers) == [f"growth.{key}" for key in growth.drivers]


@pytest.mark.parametrize(
    ("written", "percentiles"),
    [
        ('{family = "lognormal", median = 4, log_sd = 0.5}', Lognormal(4, 0.5).percentiles()),
        ('{family = "lognormal", mean = 4, sd = 1}', Lognormal.from_moments(4, 1).percentiles()),
        ('{family = "lognormal", low = 2, high = 8}', (2, 4, 8)),
        ('{family = "uniform", low = 2, high = 8}', (2, 5, 8)),
        ('{family = "triangular", low = 3, mode = 5, high = 7}', (3, 5, 7)),
        ('{family = "pert", minimum = 2, mode = 5, maximum = 8}', stats.beta(3, 3, 2, 6).ppf(P10_P50_P90)),
        ('{family = "pert", low = 3, mode = 5, high = 7}', (3, 5, 7)),
        ('{family = "beta", alpha = 2, beta = 2, minimum = 2, maximum = 8}', stats.beta(2, 2, 2, 6).ppf(P10_P50_P90)),
        ('{family = "beta", mean = 5, sd = 1, minimum = 2, maximum = 8}', stats.beta(4, 4, 2, 6).ppf(P10_P50_P90)),
        ('{family = "discrete", values = [2, 4, 8], probabilities = [0.2, 0.6, 0.2]}', (2, 4, 8)),
    ],
)
def test_families(write, written, percentiles):
    text = f'schema = 1\n[growth]\ncurve = "fading"\nhalf_life = {written}\nterminal_growth = 0.05\n'
    found = read_scenario(write("a.toml", text)).growth.half_life.distribution.percentiles()
    assert found == pytest.approx(percentiles, rel=1e-9)


def test_all_problems_of_a_file_at_once(write):
    path = write(
        "wrong.toml",
        """
        schema = 1
        titel = "x"
        end = 2027
        handover_year = 2028
        happens = ["lauch"]

        [growth]
        curve = "fading"
        half_life = {low = 5, base = 4, high = 8}
        terminal_growth = -2
        volatilty = 0.1
        growth_shift = {family = "normal", mean = 1, low = 0}

        [analyst_error]
        on = "yes"

        [events.launch]
        year = 2050
        probability = 1.2
        effects = []

        [events.law]
        year = 2031
        probability = 0.5
        requires = ["launch", "lwa"]
        effects = [{kind = "step", size = 0.1}, {kind = "ceiling change", size = 0.1}]

        [[correlation]]
        between = ["growth.half_life", "growth.terminal_growth"]
        value = 1.2

        [tree]
        result = "spend"
        inputs = {price = 2}
        [tree.nodes.spend]
        formula = "price * __import__('os').system('true')"
        [tree.nodes.a]
        formula = "b + missing"
        [tree.nodes.b]
        formula = "a + price[0]"
        """,
    )
    with pytest.raises(ScenarioError) as caught:
        read_scenario(path)
    message = str(caught.value)
    for line in [
        "wrong.toml, titel: found unknown key 'titel'; did you mean 'title'?",
        "wrong.toml, growth.volatilty: found unknown key 'volatilty'; did you mean 'volatility'?",
        "wrong.toml, growth.half_life: found low = 5, base = 4, high = 8; allowed: low < base < high (P10, P50, P90)",
        "wrong.toml, growth.terminal_growth: found -2; allowed: a number above -1",
        "wrong.toml, growth.growth_shift: found family = 'normal', mean = 1, low = 0; allowed: exactly mean and sd, or",
        "wrong.toml, analyst_error.on: found 'yes'; allowed: true or false",
        "wrong.toml, events.launch.probability: found 1.2; allowed: at most 1",
        "wrong.toml, events.launch.effects: found []; allowed: at least one entry",
        "wrong.toml, events.law.effects.0.kind: found 'step'; known: level step",
        "wrong.toml, correlation.0.value: found 1.2; allowed: below 1",
        "wrong.toml, end: found 2027; allowed: a year not before the handover_year 2028",
        "wrong.toml, happens: found 'lauch'; allowed: the name of an event; did you mean 'launch'?",
        "wrong.toml, tree.nodes.spend.formula: found",
        "'(' at 19: '__import__(' is a call; calls are refused",
        "wrong.toml, tree.nodes.b.formula: found 'a + price[0]'; allowed: numbers, names, + - * / ^ and brackets; "
        "'[' at 10: indexing is refused",
        "wrong.toml, tree.nodes.a.formula: found the name 'missing'; allowed: an input or a node",
    ]:
        assert line in message, line


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("growth = 3", "growth: found 3; allowed: a table with curve = one of constant, fading"),
        ('[growth]\ncurve = "fadin"', "growth.curve: found 'fadin'; did you mean 'fading'?"),
        (GROWTH + "[events]\na = 3", "events.a: found 3; allowed: a table"),
        (GROWTH + 'happens = "a"', "growth.happens: found 'happens', a key of the file, below a table; move it above"),
        (GROWTH + "volatility = -0.1", "growth.volatility: found -0.1; allowed: 0, or a number above 0"),
        (GROWTH + "volatility = true", "growth.volatility: found True; allowed: a number"),
        (GROWTH + "volatility = nan", "growth.volatility: found nan; allowed: a finite number"),
        (GROWTH + 'volatility = "5"', "growth.volatility: found '5'; allowed: a number"),
        ('[growth]\ncurve = "tree"', "growth.curve: found 'tree'; allowed: a table [tree] that gives the path"),
        (
            '[growth]\ncurve = "fading"\nhalf_life = {family = "normal", mean = 4, sd = 2}\nterminal_growth = 0.05',
            "growth.half_life: found family = 'normal', mean = 4, sd = 2; allowed: only numbers above 0",
        ),
        (
            '[growth]\ncurve = "fading"\nhalf_life = 4\nterminal_growth = {low = -0.01, base = 0.1, high = 0.15}',
            "growth.terminal_growth: found low = -0.01, base = 0.1, high = 0.15; allowed: only numbers above -1, also "
            "far below low, where so skewed a range falls further; move base towards the middle of low and high",
        ),
        (
            GROWTH + '[events.a]\nyear = 2030\nprobability = 1\neffects = [{kind = "ceiling change", size = 1}]',
            "events.a.effects.0: found a ceiling change with the curve fading; allowed: a curve that has a ceiling",
        ),
        (
            GROWTH + '[[correlation]]\nbetween = ["growth.half_life", "growth.half_lif"]\nvalue = 0.5',
            "correlation.0.between: found 'growth.half_life'; allowed: an uncertain driver; it is a single number",
        ),
    ],
)
def test_one_problem(write, text, message):
    with pytest.raises(ScenarioError) as caught:
        read_scenario(write("a.toml", f"schema = 1\n{text}\n"))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("growth = [", "a.toml: found"),
        ("x = " + "[" * 10_000, "brackets nested too deeply"),
        (GROWTH, "a.toml, schema: found nothing; allowed: 1; write schema = 1"),
        ("# " + "x" * 5_000_000, "a.toml: found 5000002 bytes; allowed: at most 5000000 bytes"),
        ("schema = 7\n" + GROWTH, "a.toml, schema: found 7; allowed: 1; update the package"),
    ],
    ids=["torn", "deep", "no schema", "large", "newer"],
)
def test_files_that_cannot_be_read(write, text, message):
    with pytest.raises(ScenarioError) as caught:
        read_scenario(write("a.toml", text))
    assert message in str(caught.value)


def test_missing_file(tmp_path):
    with pytest.raises(ScenarioError, match=r"a.toml: found no such file"):
        read_scenario(tmp_path / "a.toml")


def test_with_value_sets_one_driver_and_drops_its_correlations(write):
    text = BASE + '[[correlation]]\nbetween = ["growth.half_life", "growth.terminal_growth"]\nvalue = 0.5\n'
    scenario = read_scenario(write("a.toml", text))
    changed = scenario.with_value("growth.half_life", 2.0)
    assert changed.growth.half_life.distribution == Fixed(2.0)
    assert changed.growth.terminal_growth == scenario.growth.terminal_growth
    assert changed.correlation == []
    assert scenario.growth.half_life.distribution == Range(2, 4, 8, positive=True)
    with pytest.raises(ArgumentError, match=r"did you mean 'growth.half_life'"):
        scenario.with_value("growth.halflife", 2.0)


def test_every_driver_can_be_set(write):
    text = """
    schema = 1
    growth = {curve = "tree"}
    [events.a]
    year = {low = 2027, base = 2028, high = 2030}
    probability = 0.5
    effects = [{kind = "level step", size = 0.1}, {kind = "growth impulse", points = 0.05, half_life = 2}]
    [segments.s]
    share = 1
    growth = {curve = "piecewise", pieces = [{until = 2030, growth = 0.1}, {growth = 0.05}]}
    [tree]
    result = "n"
    inputs = {i = {low = 1, base = 2, high = 3}, j = {amount = 1, year = 2024, growth = 0.1}}
    nodes = {n = {formula = "i * j"}}
    """
    scenario = read_scenario(write("a.toml", text))
    assert "events.a.year" not in scenario.drivers
    for key in scenario.drivers:
        changed = scenario.with_value(key, 0.5)
        values = {name: float(driver.distribution.from_score(0.0)) for name, driver in changed.drivers.items()}
        before = {name: float(driver.distribution.from_score(0.0)) for name, driver in scenario.drivers.items()}
        assert values == before | {key: 0.5}


def test_shares_of_segments_must_make_a_whole(write):
    part = '{{share = {share}, growth = {{curve = "constant", growth = 0.1}}}}'
    text = f"schema = 1\n{GROWTH}[segments]\na = {part.format(share=0.5)}\nb = {part.format(share=0.4)}\n"
    with pytest.raises(ScenarioError, match=r"segments: found shares that sum to 0.9; allowed: shares that sum to 1"):
        read_scenario(write("a.toml", text))


def test_a_key_of_the_file_below_a_table_is_told_where_it_belongs(write):
    with pytest.raises(ScenarioError) as caught:
        read_scenario(write("a.toml", f"schema = 1\n{GROWTH}end = 2035\nendd = 2035\n"))
    assert [str(problem) for problem in caught.value.problems] == [
        "a.toml, growth.end: found 'end', a key of the file, below a table; move it above the first line in "
        "[brackets], which takes all that follows",
        "a.toml, growth.endd: found unknown key 'endd'; known: growth_shift, volatility, curve, half_life, "
        "terminal_growth",
    ]


def test_random_bytes_never_end_in_a_traceback(write, tmp_path):
    generator = np.random.default_rng(1)
    for _ in range(50):
        path = tmp_path / "a.toml"
        path.write_bytes(generator.integers(0, 256, 60, dtype=np.uint8).tobytes())
        with pytest.raises(ScenarioError):
            read_scenario(path)


@pytest.mark.parametrize(
    ("curve", "told"),
    [
        (
            "fadng",
            [
                "growth.curve: found 'fadng'; did you mean 'fading'?",
                "growth.terminal_growth: found nothing; allowed: this key is required",
                "growth.half_life: found low = 20, base = 4, high = 8; allowed: low < base < high (P10, P50, P90)",
                "growth.volatilty: found unknown key 'volatilty'; did you mean 'volatility'?",
            ],
        ),
        (
            "s-shape",
            [
                "growth.curve: found 's-shape'; known: constant, fading, piecewise, linear, damped, logistic, "
                "gompertz, richards, bass, tree, segments",
                "growth.half_life: found low = 20, base = 4, high = 8; allowed: low < base < high (P10, P50, P90)",
                "growth.volatilty: found unknown key 'volatilty'; did you mean 'volatility'?",
            ],
        ),
    ],
)
def test_a_wrong_curve_hides_nothing(write, curve, told):
    path = write(
        "a.toml",
        f"""
        schema = 1
        end = 2030
        [growth]
        curve = "{curve}"
        half_life = {{low = 20, base = 4, high = 8, unit = "years", because = "as markets do"}}
        volatilty = 0.1
        [events.law]
        year = 2035
        probability = 1.5
        requires = ["lwa"]
        effects = [{{kind = "levl step", size = -2}}, {{kind = "step", phase_in = 99}}]
        [[correlation]]
        between = ["growth.half_life", "growth.haf_life"]
        value = 0.5
        """,
    )
    told = [
        *told,
        "events.law.probability: found 1.5; allowed: at most 1",
        "events.law.effects.0.kind: found 'levl step'; did you mean 'level step'?",
        "events.law.effects.0.size: found -2; allowed: a number above -1",
        "events.law.effects.1.kind: found 'step'; known: level step, growth impulse, pulse, ceiling change",
        "events.law.effects.1.phase_in: found 99; allowed: at most 50",
        "events.law.year: found 2035; allowed: a year within the horizon, at most 2030",
        "events.law.requires: found 'lwa'; allowed: the name of another event; known: ",
    ]
    with pytest.raises(ScenarioError) as caught:
        read_scenario(path)
    assert sorted(map(str, caught.value.problems)) == sorted(f"a.toml, {line}" for line in told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            f"schema = 1\n{GROWTH}[growth]\nvolatility = 0.1\n",
            "a.toml, line 6: found '[growth]', which comes a second time; allowed: each key and each table once; keep "
            "one of them",
        ),
        (
            'schema = 1\nextends = "b.toml"\nextends = "c.toml"\n',
            "a.toml, line 3: found 'extends = \"c.toml\"', which comes a second time; allowed: each key and each table "
            "once; keep one of them",
        ),
        (
            f'schema = 1\nextends = ["b.toml", "c.toml"]\n{GROWTH}',
            "a.toml, extends: found ['b.toml', 'c.toml']; allowed: the name of one file, in quotes",
        ),
        (
            f"schema = 1\noverlays = [3]\n{GROWTH}",
            "a.toml, overlays.0: found 3; allowed: the name of one file, in quotes",
        ),
        (
            f"schema = 1\n{GROWTH}[segments]\na = {{share = 0.5, growth = 3}}\nb = {{share = 0.5, growth = {{curve = "
            '"constant", growth = 0.1}}\n',
            "a.toml, segments.a.growth: found 3; allowed: a table with curve = one of constant, fading, piecewise, "
            "linear, damped, logistic, gompertz, richards, bass, tree, segments",
        ),
        (
            f'schema = 1\n{GROWTH}growth_shift = {{family = "normall", mean = "x"}}\n[[correlation]]\nbetween = '
            '["growth.growth_shift", "growth.half_life"]\nvalue = 2\n',
            "4 problems:\n  - a.toml, growth.growth_shift.family: found 'normall'; did you mean 'normal'?\n"
            "  - a.toml, growth.growth_shift.mean: found 'x'; allowed: a number\n"
            "  - a.toml, correlation.0.value: found 2; allowed: below 1\n"
            "  - a.toml, correlation.0.between: found 'growth.half_life'; allowed: an uncertain driver; it is a single "
            "number",
        ),
    ],
    ids=["table twice", "extends twice", "two parents", "overlay", "segment", "family"],
)
def test_each_problem_is_told_once(write, text, told):
    with pytest.raises(ScenarioError) as caught:
        read_scenario(write("a.toml", text))
    assert str(caught.value) == told
