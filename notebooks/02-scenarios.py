# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Scenarios
#
# A consensus says where the market stands. A scenario says how it goes on, and it is yours: how fast growth fades, where
# it settles, what may happen on the way. This notebook compares the scenarios of a case, turns their knobs by hand, and
# writes one of your own.

# %%
# %matplotlib inline
import forecast

run = forecast.run("cell_gene_therapy")
print(run.projection.summary())

# %% [markdown]
# ## What the scenarios suppose
#
# Every number that nobody printed stands in the scenario file with its reason. These are the drivers of `base`: P10, P50
# and P90 of each, and why.

# %%
import pandas as pd

base = run.case.scenarios["base"]
pd.DataFrame(
    {key: [*driver.distribution.percentiles(), driver.unit, driver.because] for key, driver in base.drivers.items()},
    index=["low", "base", "high", "unit", "because"],
).T

# %% [markdown]
# The same for each scenario, side by side. Solid is the median, the shade is the 80 % band; the panels have one axis, so
# that heights can be compared.

# %%
from forecast.figures import scenario_panels, scenarios_overlaid

scenario_panels(run.projection.table, unit=run.unit);

# %% [markdown]
# Laid over each other, only the three that carry a probability: the bands overlap far more than their medians differ.
# What nobody knows is wider than what the scenarios suppose.

# %%
weighed = [name for name, path in run.projection.paths.items() if path.scenario.probability]
table = run.projection.table
scenarios_overlaid(table[table["scenario"].isin(weighed)], unit=run.unit);

# %%
year = run.case.end
bands = run.projection.quantiles().xs(year, level="year").loc[weighed]
medians, widths = bands[0.5], bands[0.9] / bands[0.1]
print(f"In {year} the highest median is {medians.max() / medians.min():.1f} times the lowest,")
print(f"and the top of one band is {widths.min():.1f} to {widths.max():.1f} times its bottom.")
assert widths.min() > medians.max() / medians.min()

# %% [markdown]
# Weighed by their probabilities, the scenarios are one answer:

# %%
run.projection.together().loc[[2025, 2030, 2035]].round(0)

# %% [markdown]
# ## Turn the knobs
#
# Below, each driver has a slider, each event a switch with three positions, each source a tick. The blue fan stays what
# the file says; the red lines follow you.
#
# - A slider that is moved holds its driver at that number. At its mark the driver is as uncertain as in the file.
# - An event is as likely as in the file, happens, or does not happen.
# - A source without its tick was never printed.
#
# The red lines are a sketch, so that they can follow at once: the consensus is fitted on a coarser grid. What a full
# projection would give lies within one percent for drivers and events, and within a few percent for sources.

# %%
explorer = forecast.explore(run, scenario="solid_tumours")
explorer

# %% [markdown]
# Knobs can be turned from code too. Here the event that names the story happens, and growth gets two points a year more.

# %%
from IPython.display import Image

explorer.controls["solid_tumour_licence"].value = "happens"
explorer.controls["growth.growth_shift"].value = 0.02
print(explorer.summary())
Image(explorer.png)

# %% [markdown]
# Now without the highest source, as if it had never been printed:

# %%
explorer.reset()
highest = run.consensus.houses.sort_values("median").iloc[-1]
explorer.controls[highest["id"]].value = False
print(f"Without {highest['publisher']}, whose numbers lie {highest['median']:.1f} times as high as the market:")
print(explorer.summary())
Image(explorer.png)

# %% [markdown]
# ## Your own scenario
#
# A scenario file builds on another and says only what it changes. This one lets a licence come that doubles the growth of
# one wave of products, with a chance of three in ten.

# %%
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp()) / "my_market"
forecast.new_case(folder, template="cell_gene_therapy")
(folder / "scenarios" / "my_view.toml").write_text(
    """schema = 1
extends = "base.toml"
title = "My view"
because = "A treatment for a common disease is licensed and paid for."

[growth]
terminal_growth = {low = 0.04, base = 0.06, high = 0.08, unit = "share per year", because = "more diseases in reach", status = "assumed"}

[events.common_disease]
title = "Licence in a common disease"
year = {low = 2027, base = 2029, high = 2032, because = "trials running now take that long", status = "assumed"}
probability = 0.3
because = "one of three such programmes has ended in a licence, as supposed here"

[[events.common_disease.effects]]
kind = "growth impulse"
points = {low = 0.05, base = 0.10, high = 0.20, unit = "log growth per year", because = "a common disease has many patients", status = "assumed"}
half_life = 3
""",
    encoding="utf-8",
)
mine = forecast.read_scenario(folder / "scenarios" / "my_view.toml")
own = forecast.project(run.consensus, [base, mine], end=2035)
print(own.summary())
own.plot(scenario="my_view");

# %% [markdown]
# `forecast diff` on the command line, or `diff` in Python, lists what two scenarios do not have in common, so that a
# reviewer sees every supposition that was changed:

# %%
from forecast.scenario import diff

diff(folder / "scenarios" / "base.toml", folder / "scenarios" / "my_view.toml")

# %% [markdown]
# What does the event do? The same story with the event ruled out, and with it happening:

# %%
given = {
    "as likely as stated": mine,
    "it happens": mine.given(happens=["common_disease"]),
    "it does not": mine.given(ruled_out=["common_disease"]),
}
conditional = forecast.project(run.consensus, given, end=2035)
conditional.quantiles().xs(2035, level="year").round(0)

# %% [markdown]
# The first row lies between the other two, as it must: it is their mixture.

# %%
median = conditional.quantiles([0.5]).xs(2035, level="year")[0.5]
assert median["it does not"] < median["as likely as stated"] < median["it happens"]
