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
# # Your own market in ten minutes
#
# From an empty folder to a report: start a case, put your estimates in, say what you suppose, run. Everything here can
# also be done in a text editor and on the command line; the command stands beside each step.
#
# The market and its numbers are made up. Replace them.

# %%
# %matplotlib inline
import subprocess
import sys
import tempfile
from pathlib import Path

import forecast

work = Path(tempfile.mkdtemp())


def command(*words: str) -> None:
    """Run `forecast` as on the command line, in the working folder."""
    done = subprocess.run([sys.executable, "-m", "forecast.cli", *words], cwd=work, capture_output=True, text=True)
    print(f"$ forecast {' '.join(words)}\n{done.stdout}{done.stderr}")
    assert done.returncode == 0


# %% [markdown]
# ## 1. A folder
#
# `forecast new` makes a blank case that already runs: settings, estimates and scenarios. What is yours to replace is
# marked `[template]`.

# %%
command("new", "home_sensors")
case = work / "home_sensors"
sorted(str(path.relative_to(case)) for path in case.rglob("*") if path.is_file())

# %% [markdown]
# ## 2. What the market is
#
# `case.toml` says what is asked: which scope, which region, which year the sources are compared in, how far to go.

# %%
(case / "case.toml").write_text(
    """schema = 1
title = "Home sensors, world"
because = "Four publishers size this market."
scope = "home sensors"
geography = "global"
reference_year = 2023
end = 2032
estimates = "estimates.csv"
scenarios = ["scenarios/cautious.toml", "scenarios/base.toml", "scenarios/ambitious.toml"]

[footing]
currency = "USD"
scale = "billion"
price_basis = "nominal"
value_basis = ""
""",
    encoding="utf-8",
)

# %% [markdown]
# ## 3. What is printed
#
# One row a publication. `forecast template estimates.xlsx` writes an empty sheet with drop-downs; a CSV file will do.
# Keep the digits as they are printed, and put the words beside a number ("about", "more than") into the column of its
# hedge.

# %%
(case / "estimates.csv").write_text(
    """id,publisher,published,scope,geography,currency,scale,base_year,base_value,base_hedge,target_year,target_value,target_hedge,cagr,cagr_from,cagr_to,quote,source
A,Alder Research,2024-03,home sensors,global,USD,billion,2023,4.2,,2030,9.8,,12.9,2023,2030,"USD 4.2 billion in 2023 to USD 9.8 billion by 2030, a CAGR of 12.9%",made up
B,Birch Insight,2024-05,home sensors,global,USD,billion,2023,6.1,about,2030,14,more than,,,,"about USD 6.1 billion in 2023, more than USD 14 billion in 2030",made up
C,Cedar Markets,2023-11,home sensors,global,USD,billion,2022,3.9,,2028,,,11,2022,2028,"USD 3.9 billion in 2022; 11% a year to 2028",made up
D,Dogwood,2024-01,home sensors,global,USD,billion,2023,5,,2028,9,,,,,"USD 5 billion in 2023, 9 billion in 2028",made up
""",
    encoding="utf-8",
)
command("audit", "home_sensors/estimates.csv")

# %% [markdown]
# ## 4. What you suppose
#
# The scenarios of a blank case run, but their reasons are placeholders. Here `base` is rewritten; `cautious` and
# `ambitious` build on it and keep their own changes, which are yours to rewrite next.

# %%
(case / "scenarios" / "base.toml").write_text(
    """schema = 1
title = "Base"
because = "New houses are fitted as a rule, old ones slowly."
probability = 0.5

[growth]
curve = "fading"

[growth.half_life]
low = 3
base = 5
high = 9
unit = "years"
because = "comparable devices lost half of their excess growth in three to nine years"
status = "assumed"

[growth.terminal_growth]
low = 0.02
base = 0.04
high = 0.06
unit = "share per year"
because = "spending on housing in current prices"
status = "assumed"

[growth.growth_shift]
low = -0.02
base = 0.0
high = 0.02
unit = "log growth per year"
because = "two points either way for what all sources leave out"
status = "assumed"

[growth.volatility]
value = 0.04
unit = "sd of yearly log growth"
because = "sales follow building, which moves by a few percent a year"
status = "assumed"
""",
    encoding="utf-8",
)
command("check", "home_sensors")

# %% [markdown]
# ## 5. Run
#
# One command audits, reconciles, projects, and writes tables, figures, a memo, a report for the browser and a workbook.

# %%
command("run", "home_sensors", "--out", "out", "--report")
for path in sorted((work / "out").iterdir()):
    print(f"{path.name:18} {'' if path.is_dir() else f'{path.stat().st_size / 1024:8.0f} kB'}")

# %% [markdown]
# `summary.md` is one page in words, to be read first:

# %%
from IPython.display import Markdown

Markdown((work / "out" / "summary.md").read_text(encoding="utf-8").split("\n## ")[0])

# %% [markdown]
# The figures are PNG and SVG files; this is one of them.

# %%
from IPython.display import Image

Image(work / "out" / "figures" / "projection.png", width=800)

# %% [markdown]
# ## 6. Ask further
#
# The same case in Python, for whatever the report does not answer.

# %%
run = forecast.run(case)
print(f"Above USD 10 bn in 2030: {run.projection.probability(above=10, year=2030)['base']:.0%} in scenario base")
run.projection.cagr(2023, 2030).round(3)

# %%
run.consensus.plot();

# %%
tornado = forecast.tornado(run, forecast.Value(2030))
print(tornado.summary())

# %% [markdown]
# ## 7. What to do next
#
# - Put more sources in. With four, each one counts; the summary says how much the answer leans on the prior.
# - Rewrite the drivers of `cautious` and `ambitious` with your own reasons.
# - If actual values are published, put them in as a history.
# - Show the slider panel of notebook 02 to whoever has to decide: `forecast.explore(run)`.
