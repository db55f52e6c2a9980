"""Inheritance, overlays, and where each value comes from."""

from itertools import permutations

import pytest

from forecast.errors import ScenarioError
from forecast.scenario import diff, layers, read_scenario, resolve
from tests.scenario.conftest import BASE


def test_a_child_overrides_only_what_differs(write):
    write("base.toml", 'title = "Base"\nprobability = 0.5\nend = 2035\n' + BASE + "volatility = 0.05\n")
    child = write("child.toml", 'schema = 1\nextends = "base.toml"\n[growth]\nhalf_life = 3\n')
    scenario = read_scenario(child)
    assert scenario.growth.half_life.value == 3
    assert scenario.growth.volatility.value == 0.05
    assert scenario.end == 2035
    assert (scenario.name, scenario.title, scenario.probability) == ("child", "", None)


def test_a_driver_is_replaced_whole(write):
    write("base.toml")
    child = write("child.toml", 'schema = 1\nextends = "base.toml"\ngrowth.half_life = {value = 3, because = "x"}\n')
    assert read_scenario(child).growth.half_life.because == "x"


def test_a_new_curve_leaves_the_drivers_of_the_old_one(write):
    write("base.toml", BASE + "volatility = 0.05\n")
    child = write("child.toml", 'schema = 1\nextends = "base.toml"\ngrowth = {curve = "constant", growth = 0.1}\n')
    scenario = read_scenario(child)
    assert scenario.growth.name == "constant"
    assert scenario.growth.volatility.value == 0.05


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a": "a"}, "a.toml, extends: found a.toml -> a.toml; allowed: no circle"),
        ({"a": "b", "b": "c", "c": "a"}, "c.toml, extends: found a.toml -> b.toml -> c.toml -> a.toml"),
        ({"a": "../b"}, "a.toml, extends: found '../b.toml'; allowed: a file inside the case folder"),
        ({"a": "/etc/b"}, "allowed: a file inside the case folder"),
        ({"a": "b"}, "b.toml: found no such file"),
    ],
)
def test_extensions_that_lead_nowhere(write, files, message):
    for name, parent in files.items():
        path = write(f"{name}.toml", f'schema = 1\nextends = "{parent}.toml"\n')
    with pytest.raises(ScenarioError) as caught:
        read_scenario(path.parent / "a.toml")
    assert message in str(caught.value)


def test_the_file_at_fault_is_named(write):
    write("base.toml", BASE.replace("low = 2", "low = 20"))
    child = write("child.toml", 'schema = 1\nextends = "base.toml"\ngrowth.volatility = -1\n')
    with pytest.raises(ScenarioError) as caught:
        read_scenario(child)
    assert "base.toml, growth.half_life: found low = 20" in str(caught.value)
    assert "child.toml, growth.volatility: found -1" in str(caught.value)


OVERLAYS = {
    "slow": "[growth]\nhalf_life = 8\n",
    "calm": "[growth]\nvolatility = 0.01\n",
    "long": "end = 2040\n",
    "law": '[events.law]\nyear = 2030\nprobability = 0.5\neffects = [{kind = "pulse", size = 0.1}]\n',
}


def test_overlays_commute(write):
    base = write("base.toml")
    paths = [write(f"{name}.toml", "schema = 1\n" + text) for name, text in OVERLAYS.items()]
    found = [read_scenario(base, overlays=order) for order in permutations(paths)]
    assert all(scenario == found[0] for scenario in found)
    assert found[0].growth.half_life.value == 8
    assert found[0].end == 2040


def test_overlays_named_in_the_file(write):
    write("overlays/slow.toml", "schema = 1\n" + OVERLAYS["slow"])
    base = write("base.toml", 'overlays = ["overlays/slow.toml"]\n' + BASE)
    child = write("child.toml", 'schema = 1\nextends = "base.toml"\n')
    assert read_scenario(base).growth.half_life.value == 8
    assert read_scenario(child).growth.half_life.value == 8


@pytest.mark.parametrize(
    ("one", "other", "key"),
    [
        ("[growth]\nhalf_life = 8\n", "[growth]\nhalf_life = 8\n", "growth.half_life"),
        ("[growth]\nhalf_life = 8\n", "[growth.half_life]\nlow = 1\nbase = 2\nhigh = 3\n", "growth.half_life"),
        ('[growth]\ncurve = "constant"\ngrowth = 0.1\n', "[growth]\nhalf_life = 8\n", "growth.half_life"),
        (OVERLAYS["law"], "[events.law]\nprobability = 0.4\n", "events.law.probability"),
    ],
)
def test_two_overlays_on_one_key_are_refused(write, one, other, key):
    base, a, b = write("base.toml"), write("a.toml", "schema = 1\n" + one), write("b.toml", "schema = 1\n" + other)
    for order in ([a, b], [b, a]):
        with pytest.raises(ScenarioError, match=rf"{key}: found two overlays that touch one key"):
            read_scenario(base, overlays=order)


def test_an_overlay_stands_by_itself(write):
    base, overlay = write("base.toml"), write("a.toml", 'schema = 1\nextends = "base.toml"\n')
    with pytest.raises(ScenarioError, match=r"a.toml, extends: found 'base.toml'; allowed: an overlay that stands by"):
        read_scenario(base, overlays=[overlay])


def test_each_value_says_where_it_comes_from(write):
    write("base.toml")
    child = write("child.toml", 'schema = 1\nextends = "base.toml"\n[growth]\nhalf_life = 3\n')
    overlay = write("calm.toml", "schema = 1\n" + OVERLAYS["calm"])
    table = resolve(child, overlays=[overlay]).table.set_index("key")
    assert table["file"].to_dict() == {
        "growth.growth_shift": "default",
        "growth.volatility": "calm.toml",
        "growth.curve": "base.toml",
        "growth.half_life": "child.toml",
        "growth.terminal_growth": "base.toml",
        "analyst_error.on": "default",
        "analyst_error.factor": "default",
        "analyst_error.exponent": "default",
    }
    assert table.loc["growth.terminal_growth", "value"] == "{low = 0.03, base = 0.05, high = 0.07}"
    assert "  half_life        3  [child.toml]" in resolve(child).summary()


def test_diff_lists_only_what_differs(write):
    base = write("base.toml")
    child = write("child.toml", 'schema = 1\nextends = "base.toml"\nend = 2040\n[growth]\nhalf_life = 3\n')
    found = diff(base, child)
    assert found["key"].tolist() == ["growth.half_life", "end"]
    assert found["b"].tolist() == ["3", "2040"]
    assert found["a_file"].tolist() == ["base.toml", ""]
    assert diff(base, base).empty


def test_a_file_of_an_older_format_is_migrated_step_by_step(write, monkeypatch):
    monkeypatch.setattr(layers, "SCHEMA", 3)
    monkeypatch.setattr(layers, "MIGRATIONS", {1: lambda t: t | {"one": 1}, 2: lambda t: t | {"two": t["one"] + 1}})
    assert layers.migrate({"schema": 1}, "a.toml") == {"schema": 3, "one": 1, "two": 2}
