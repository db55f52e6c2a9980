"""Joint states of events and their effects, against brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.distributions import Discrete, Fixed, Range
from forecast.errors import ModelError, ScenarioError
from forecast.scenario import Event, joint_states, log_effect, read_scenario, year_probabilities
from forecast.scenario.joint import NEVER
from tests.scenario.conftest import BASE

STEP = [{"kind": "level step", "size": 0.1}]
YEARS = np.arange(2024, 2036)


def event(probability, year=2028, effects=STEP, **links):
    return Event.model_validate({"year": year, "probability": probability, "effects": effects, **links})


def states_of(events, **given):
    return joint_states(events, first=2024, last=2035, **given)


def test_independent_events_against_the_product():
    chances = {"a": 0.3, "b": 0.5, "c": 0.9}
    states = states_of({name: event(chance) for name, chance in chances.items()})
    assert len(states.weights) == 8
    for happens, weight in zip(states.happens, states.weights, strict=True):
        expected = np.prod([p if here else 1 - p for p, here in zip(chances.values(), happens, strict=True)])
        assert weight == pytest.approx(expected, rel=1e-12)


LINKED = {
    "law": event(0.5),
    "fast": event(0.2, requires=["law"]),
    "rival": event(0.3, excludes=["fast"]),
    "free": event(0.4, {"low": 2027, "base": 2029, "high": 2032}),
}


def test_links_and_probabilities_hold_exactly():
    states = states_of(LINKED)
    law, fast, rival, _ = states.happens.T
    assert states.exact
    assert not np.any(fast & ~law)
    assert not np.any(fast & rival)
    np.testing.assert_allclose(states.weights @ states.happens, [0.5, 0.2, 0.3, 0.4], atol=1e-12)


def test_no_other_joint_distribution_has_more_entropy():
    """Moves that keep every probability and every link lower the entropy."""
    states = states_of({name: LINKED[name] for name in ("law", "fast", "rival")})
    rows = np.column_stack([np.ones(len(states.weights)), states.happens])
    _, _, right = np.linalg.svd(rows.T)
    free = right[np.linalg.matrix_rank(rows) :]
    assert len(free)
    entropy = -np.sum(states.weights * np.log(states.weights))
    for direction, size in itertools.product(free, (-1e-3, 1e-3)):
        moved = states.weights + size * direction
        assert -np.sum(moved * np.log(moved)) < entropy


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_chain_of_requirements(chances):
    ordered = sorted(chances)
    names = "abcd"
    events = {
        name: event(chance, requires=list(names[at + 1 : at + 2]))
        for at, (name, chance) in enumerate(zip(names, ordered, strict=True))
    }
    states = states_of(events)
    np.testing.assert_allclose(states.weights @ states.happens, ordered, atol=1e-6)
    assert np.all(np.diff(states.happens.astype(int), axis=1) >= 0)


def test_what_is_given_conditions_the_states():
    whole, given_fast = states_of(LINKED), states_of(LINKED, happens=["fast"], ruled_out=["free"])
    kept = whole.happens[:, 1] & ~whole.happens[:, 3]
    np.testing.assert_allclose(
        given_fast.weights @ given_fast.happens,
        whole.weights[kept] @ whole.happens[kept] / whole.weights[kept].sum(),
        atol=1e-12,
    )
    assert given_fast.weights @ given_fast.happens[:, 0] == pytest.approx(1)
    with pytest.raises(ModelError, match="this cannot be: fast happens, rival happens"):
        states_of(LINKED, happens=["fast", "rival"])


def test_an_event_does_not_begin_before_what_it_requires():
    late = {"values": [2026, 2032], "probabilities": [0.5, 0.5], "family": "discrete"}
    states = states_of({"law": event(0.8, late), "fast": event(0.4, 2029, requires=["law"])})
    both = states.happens.all(axis=1)
    assert np.all(states.years[both, 1] >= states.years[both, 0])
    assert sorted(set(states.years[both, 1].tolist())) == [2029, 2032]


@pytest.mark.parametrize(
    ("year", "expected"),
    [
        (Fixed(2028.0), {2028: 1.0}),
        (Fixed(2040.0), {2036: 1.0}),
        (Fixed(2020.0), {2024: 1.0}),
        (Discrete((2025.0, 2026.0), (0.25, 0.75)), {2025: 0.25, 2026: 0.75}),
    ],
)
def test_year_probabilities(year, expected):
    years, weights = year_probabilities(year, 2024, 2035)
    assert dict(zip(years.tolist(), weights.tolist(), strict=True)) == pytest.approx(expected)


def test_year_of_a_range_is_its_nearest_whole_year():
    spread = Range(2027, 2029, 2033)
    years, weights = year_probabilities(spread, 2024, 2035)
    drawn = np.rint(spread.ppf((np.arange(200_000) + 0.5) / 200_000)).clip(2024, 2036)
    np.testing.assert_allclose(weights, [np.mean(drawn == year) for year in years], atol=2e-5)


def brute_force(events, draws, seed):
    """Log effect on drawn paths of independent events, one by one as the format describes them."""
    generator = np.random.default_rng(seed)
    total = np.zeros((draws, len(YEARS)))
    for one in events.values():
        happens = generator.random(draws) < one.probability
        began = np.rint(one.year.distribution.ppf(generator.random(draws)))
        for effect in one.effects:
            for at, year in enumerate(YEARS):
                passed = year - np.maximum(began, YEARS[0])
                here = happens & (passed >= 0)
                if effect.kind == "level step":
                    grown = np.log(1.1) * np.minimum((passed + 1) / effect.phase_in, 1)
                elif effect.kind == "pulse":
                    grown = np.log(0.8) * (passed < effect.years)
                else:
                    added = [0.05 * 2 ** (-k / 2) for k in range(20)]
                    grown = np.concatenate([[0.0], np.cumsum(added)])[np.clip(passed + 1, 0, 20).astype(int)]
                total[:, at] += np.where(here, grown, 0.0)
    return total


def test_effects_against_brute_force():
    when = {"low": 2026, "base": 2028, "high": 2031}
    events = {
        "step": event(0.6, when, [{"kind": "level step", "size": 0.1, "phase_in": 3}]),
        "shock": event(0.3, 2027, [{"kind": "pulse", "size": -0.2, "years": 2}]),
        "boom": event(0.5, when, [{"kind": "growth impulse", "points": 0.05, "half_life": 2}]),
    }
    states = states_of(events)
    effect = log_effect(events, states, YEARS)
    drawn = brute_force(events, 400_000, seed=7)
    mean, square = states.weights @ effect, states.weights @ effect**2
    error = drawn.std(axis=0) / np.sqrt(len(drawn)) + 1e-12
    assert np.all(np.abs(drawn.mean(axis=0) - mean) < 5 * error)
    np.testing.assert_allclose(drawn.var(axis=0), square - mean**2, atol=1e-4)
    for level in (-0.1, 0.05, 0.1):
        exact = states.weights @ (effect > level)
        assert np.all(np.abs(np.mean(drawn > level, axis=0) - exact) < 5e-3)


def test_probability_zero_changes_nothing_and_one_is_certain():
    others = {"b": event(0.5, 2027)}
    without = log_effect(others, states_of(others), YEARS)
    never = others | {"a": event(0.0)}
    np.testing.assert_array_equal(log_effect(never, states_of(never), YEARS), without)
    sure = others | {"a": event(1.0, 2030)}
    states = states_of(sure)
    added = np.where(YEARS >= 2030, np.log(1.1), 0.0)
    order = np.argsort(states.years[:, 0])
    np.testing.assert_allclose(log_effect(sure, states, YEARS)[order], without + added, atol=1e-15)


def test_sizes_on_nodes():
    events = {"a": event(0.5), "c": event(0.5, effects=[{"kind": "ceiling change", "size": 0.5}])}
    states, sizes = states_of(events), np.array([0.1, 0.2, 0.3])
    found = log_effect(events, states, YEARS, values={"a.effects.0.size": sizes})
    assert found.shape == (3, 4, len(YEARS))
    last = found[:, states.happens[:, 0], -1]
    np.testing.assert_allclose(last, np.log1p(sizes)[:, None] + np.zeros(last.shape))
    ceiling = log_effect(events, states, YEARS, on_ceiling=True)
    np.testing.assert_allclose(ceiling[:, -1], np.where(states.happens[:, 1], np.log(1.5), 0))


def test_many_uncertain_years_are_sampled_evenly():
    when = {"low": 2026, "base": 2029, "high": 2033}
    events = {f"e{i}": event(0.1 * i, when) for i in range(1, 8)}
    states = states_of(events)
    assert not states.exact
    assert len(states.weights) <= 4096
    np.testing.assert_allclose(states.weights @ states.happens, 0.1 * np.arange(1, 8), atol=2e-3)
    effect = states.weights @ log_effect(events, states, YEARS)
    one = [states_of({name: one}) for name, one in events.items()]
    exact = sum(s.weights @ log_effect({n: e}, s, YEARS) for s, (n, e) in zip(one, events.items(), strict=True))
    np.testing.assert_allclose(effect, exact, atol=1e-3)


def test_order_of_events_is_irrelevant():
    turned = dict(reversed(LINKED.items()))
    ways = [(events, states_of(events)) for events in (LINKED, turned)]
    means = [states.weights @ log_effect(events, states, YEARS) for events, states in ways]
    np.testing.assert_allclose(means[0], means[1], atol=1e-12)


def test_no_events_is_one_state_without_effect():
    states = states_of({})
    assert log_effect({}, states, YEARS).tolist() == [[0.0] * len(YEARS)]
    assert states.weights.tolist() == [1.0]
    assert YEARS.max() < NEVER


PULSE = 'effects = [{kind = "pulse", size = 0.1}]'


def written(name, probability, extra="", year="2030"):
    return f"{name} = {{year = {year}, probability = {probability}, {extra}{PULSE}}}\n"


DATES = 'dates = {passed = 2024-06-04, promulgated = "2024-06-01"}, '


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            written("a", 0.6, 'requires = ["b"], ') + written("b", 0.5),
            "events.a.probability: found 0.6; allowed: at most 0.5, the probability of 'b', which it requires",
        ),
        (
            written("a", 0.6, 'excludes = ["b"], ') + written("b", 0.5),
            "events.a.probability: found 0.6; allowed: at most 0.5, because it excludes 'b'",
        ),
        (
            written("a", 0.4, 'excludes = ["b", "c"], ') + written("b", 0.4, 'excludes = ["c"], ') + written("c", 0.4),
            "no joint distribution has these probabilities under requires and excludes: a 0.4, b 0.4, c 0.4",
        ),
        (
            written("a", 0.4, 'requires = ["b"], ') + written("b", 0.4, 'requires = ["a"], '),
            "requires: found a -> b -> a; allowed: no circle",
        ),
        (written("a", 0.4, 'requires = ["a"], '), "events.a.requires: found 'a'; allowed: the name of another event"),
        (written("a", 0.4, year="2030.5"), "events.a.year: found 2030.5; allowed: a year such as 2028"),
        (
            written("a", 0.4, DATES),
            "events.a.dates.promulgated: found 2024-06-01; allowed: not before passed (2024-06-04)",
        ),
    ],
)
def test_events_that_cannot_be(write, text, message):
    with pytest.raises(ScenarioError) as caught:
        read_scenario(write("a.toml", f"{BASE}[events]\n{text}"))
    assert message in str(caught.value)


def test_a_story_takes_events_as_given(write):
    base = read_scenario(write("base.toml", f"{BASE}[events]\n{written('a', 0.4)}"))
    story = read_scenario(write("story.toml", 'schema = 1\nextends = "base.toml"\nhappens = ["a"]\n'))
    assert story.event_states(first=2024, last=2035).happens.tolist() == [[True]]
    assert base.given(ruled_out=["a"]).event_states(first=2024, last=2035).happens.tolist() == [[False]]
    wrong = write("wrong.toml", 'schema = 1\nextends = "base.toml"\nhappens = ["a"]\nruled_out = ["a"]\n')
    with pytest.raises(ScenarioError, match="this cannot be: a happens, a is ruled out"):
        read_scenario(wrong)
