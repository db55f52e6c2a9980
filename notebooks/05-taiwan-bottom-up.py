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
# # Taiwan, from the bottom up
#
# Nobody has published the size of the market for cell therapy in Taiwan. What is printed are patients, plans and a few
# prices. So the market is built as a tree: patients by type, times prices, plus what the insurance pays for CAR-T. The
# point of this notebook is not the number. It is that every step towards it can be seen, checked and argued with.

# %%
# %matplotlib inline
import pandas as pd

import forecast

run = forecast.run("taiwan_cell_therapy")
base = run.case.scenarios["base"]
print(run.projection.summary())

# %% [markdown]
# ## The tree
#
# Inputs are counts, prices and growth rates; each has its reason and says whether it was printed, derived or assumed.

# %%
inputs = pd.DataFrame(
    {
        key.removeprefix("tree.inputs."): [
            *driver.distribution.percentiles(),
            driver.unit,
            driver.status,
            driver.because,
        ]
        for key, driver in base.drivers.items()
        if key.startswith("tree.inputs.")
    },
    index=["low", "base", "high", "unit", "status", "because"],
).T
inputs

# %%
counts = inputs["status"].value_counts()
print(
    f"{counts.get('printed', 0)} inputs are printed, {counts.get('derived', 0)} derived, {counts.get('assumed', 0)} assumed."
)

# %% [markdown]
# Nodes put the inputs together. An expression is arithmetic and nothing else; it is read, never run as code.

# %%
formulas = {name: [node.formula, node.unit, node.because] for name, node in base.tree.nodes.items()}
pd.DataFrame(formulas, index=["formula", "unit", "because"]).T

# %% [markdown]
# Everything at its median, year by year. A reader with a pencil can follow one column from patients to money.

# %%
years = [2025, 2026, 2030]
values = pd.DataFrame(base.tree.values(years), index=years).T
values.drop(index="year", errors="ignore").round(2)

# %% [markdown]
# ## Does the tree reproduce what is printed?
#
# Some printed numbers are not needed to build the tree. They are the exam: the tree has to give them back, within the
# rounding of what they are made of.

# %%
from forecast.report.sides import check_rows, side_rows

checks = check_rows(run)
checks.loc[checks["scenario"] == "base", ["check", "stated", "computed", "low", "high", "unit", "verdict"]].round(3)

# %%
own = checks[checks["scenario"] == "base"]
print(", ".join(f"{count} {verdict}" for verdict, count in own["verdict"].value_counts().items()))
for row in own.loc[own["verdict"] != "as printed"].to_dict("records"):
    print(f"- {row['check']}: {row['because']}")

# %% [markdown]
# The counts themselves are audited too: parts that should add up, percentages, two numbers for one thing.

# %%
print(run.audit.summary())

# %% [markdown]
# ## The projection
#
# All uncertain inputs go into the band at once, and so do the events: Acts, licences, a drug fund. Some of them require
# others. There is no consensus under this fan; its first year is as uncertain as prices and patients are.

# %%
run.projection.plot();

# %%
from forecast.figures import scenarios_overlaid

weighed = [name for name, path in run.projection.paths.items() if path.scenario.probability]
scenarios_overlaid(run.projection.table[run.projection.table["scenario"].isin(weighed)], unit=run.unit);

# %% [markdown]
# ## Which number should be found out first
#
# A price nobody printed moves the answer more than most counts do. That is where a day of phone calls pays.

# %%
tornado = forecast.tornado(run, forecast.Value(2030))
print(tornado.summary())
tornado.plot();

# %% [markdown]
# What if the first conditional licence comes, or does not?

# %%
given = {
    "as likely as stated": base,
    "licence granted": base.given(happens=["conditional_licence"]),
    "none granted": base.given(ruled_out=["conditional_licence"]),
}
conditional = forecast.project(run.start, given, end=2035)
conditional.quantiles().xs(2030, level="year").round(0)

# %% [markdown]
# ## From above, beside it
#
# The usual way is to take a share of the world. Here that is the printed world market times a share that lies between
# Taiwan's part of firms and its part of trials. Neither is a share of sales, so the two answers stand side by side and
# are never averaged.

# %%
from forecast.figures import top_down_bottom_up
from forecast.report.sides import gap_in_words

sides = side_rows(run)
print(gap_in_words(run, sides))
top_down_bottom_up(sides, unit=run.unit);

# %% [markdown]
# A factor like that is a finding, not an error bar: trials are not sales, and the world's numbers count what the tree
# leaves out.

# %%
medians = sides.pivot(index="year", columns="side", values="median")
assert (medians["top-down"] > 5 * medians["bottom-up"]).all()

# %% [markdown]
# ## Left outside
#
# Sub-sectors without any printed sales are not guessed. They are listed, so that nobody takes the number for the whole.

# %%
sectors = pd.read_csv(run.case.folder / "sub_sectors.csv")
sectors.loc[sectors["in_tree"] == "no", ["sub_sector", "value_basis", "known"]]
