"""Trees of scopes and geographies."""

import pytest

from forecast.distributions import Fixed, Lognormal, Range
from forecast.errors import ArgumentError, EstimatesError
from forecast.estimates import default_scopes, read_scopes

TREE = """
schema = 1
[[scope]]
name = "regenerative medicine"
[[scope]]
name = "cell and gene therapy"
inside = "regenerative medicine"
aliases = ["CGT"]
ratio = {family = "lognormal", median = 0.75, log_sd = 0.30}
ratio_year = 2023
growth_sd = 0.02
[[scope]]
name = "CAR-T"
inside = "CGT"
ratio = {low = 0.1, base = 0.2, high = 0.3}
[[scope]]
name = "exosomes"
inside = "regenerative medicine"
ratio = 0.05
[[geography]]
name = "hsinchu"
inside = "taiwan"
"""


def write(folder, text):
    path = folder / "scopes.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_tree_is_read(tmp_path):
    scopes = read_scopes(write(tmp_path, TREE))
    assert scopes.parent("car_t") == "cell and gene therapy"
    assert scopes.path("CAR-T", "regenerative medicine") == ("CAR-T", "cell and gene therapy", "regenerative medicine")
    assert scopes.is_inside("car-t", "Regenerative Medicine")
    assert not scopes.is_inside("CAR-T", "CAR-T")
    assert not scopes.is_inside("regenerative medicine", "CAR-T")
    assert scopes.ratio("cgt") == Lognormal(0.75, 0.30)
    assert scopes.ratio("CAR-T") == Range(0.1, 0.2, 0.3, positive=True)
    assert scopes.ratio("exosomes") == Fixed(0.05)
    assert scopes.ratio("regenerative medicine") is None
    assert (scopes.ratio_pivot("cgt"), scopes.growth_sd("cgt"), scopes.growth_sd("CAR-T")) == (2023, 0.02, 0.03)
    assert scopes.geographies.lineage("Hsinchu") == ("hsinchu", "taiwan", "asia", "asia-pacific", "global")
    with pytest.raises(ArgumentError, match="the year of the ratio"):
        scopes.ratio_pivot("CAR-T")
    with pytest.raises(ArgumentError, match="inside 'exosomes'"):
        scopes.path("CAR-T", "exosomes")
    with pytest.raises(ArgumentError, match="did you mean 'exosomes'"):
        scopes.ratio("exosome")


def test_the_bundled_tree_keeps_services_apart():
    scopes = default_scopes()
    assert scopes.is_inside("CAR-T", "regenerative medicine")
    assert not scopes.is_inside("cgt cdmo", "regenerative medicine")
    assert scopes.geographies.is_inside("臺灣", "global")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('name = "exosomes"', 'nam = "exosomes"', "scope 4, nam: found an unknown key; did you mean 'name'"),
        ('inside = "CGT"', 'inside = "CTG"', "scope 'CAR-T', inside: found 'CTG'"),
        ("ratio = 0.05", "ratio = 1.5", "scope 'exosomes', ratio: found 1.5; allowed: a share above 0 and at most 1"),
        (
            "median = 0.75",
            "median = 75",
            "ratio: found a median of 75; allowed: a share above 0 and at most 1; write 0.75",
        ),
        ("low = 0.1, base = 0.2, high = 0.3", "low = 10, base = 20, high = 30", "write 0.2 for 20 %"),
        ("low = 0.1, base = 0.2", 'family = "uniform", minimum = 0.5, maximum = 1.7}#', "found a median of 1.1"),
        ("median = 0.75", "median = -0.75", "found -0.75, 0.3; allowed: a share above 0"),
        ('family = "lognormal"', 'family = "lognormall"', "did you mean 'lognormal'"),
        ("log_sd = 0.30", "logsd = 0.30", "ratio, logsd: found an unknown key; did you mean 'log_sd'"),
        ("low = 0.1, base = 0.2", "low = 0.2, base = 0.1", "low < base < high"),
        ("schema = 1", "schema = 2", "schema: found 2"),
        ("growth_sd = 0.02", "growth_sd = -1", "growth_sd: found -1"),
        ('name = "exosomes"', 'name = "car t"', "the name more than once"),
        ('name = "regenerative medicine"', 'name = "regenerative medicine"\ninside = "car-t"', "a circle"),
        ("[[scope]]", "[scope", "no valid TOML"),
    ],
)
def test_problems_of_a_tree(tmp_path, old, new, says):
    with pytest.raises(EstimatesError) as error:
        read_scopes(write(tmp_path, TREE.replace(old, new, 1)))
    assert says in str(error.value)


def test_a_lognormal_share_may_reach_above_one(tmp_path):
    ratio = read_scopes(write(tmp_path, TREE.replace("median = 0.75", "median = 1"))).ratio("cgt")
    assert ratio == Lognormal(1, 0.30)


def test_all_problems_come_at_once(tmp_path):
    text = TREE.replace('inside = "CGT"', 'inside = "CTG"').replace("ratio = 0.05", "ratio = 7")
    with pytest.raises(EstimatesError, match="2 problems"):
        read_scopes(write(tmp_path, text))
    with pytest.raises(EstimatesError, match="no such file"):
        read_scopes(tmp_path / "none.toml")
