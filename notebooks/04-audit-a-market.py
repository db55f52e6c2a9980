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
# # Audit a market's estimates
#
# You have a handful of press releases about one market. Before anything is averaged: what do they say, do they agree
# with themselves, do they agree with each other? This notebook types in a small table, lets the audit read it, and puts
# the rows on one footing.
#
# The publishers and numbers below are made up, so that every finding can be checked by hand.

# %%
# %matplotlib inline
import forecast
from forecast.estimates import parse_amount, parse_growth, parse_year

# %% [markdown]
# ## Read what is printed
#
# A phrase carries more than its number: a unit, a currency, a hedge, and as many digits as its author was sure of.
# `parse_amount` keeps all of them and says what is unclear.

# %%
import pandas as pd

phrases = ("about USD 16 billion", "more than US$50bn", "約160億美元", "NT$7.4億", "EUR 11.0 million")
read = {phrase: parse_amount(phrase) for phrase in phrases}
pd.DataFrame(
    {phrase: [a.currency, a.digits, a.scale, a.hedge, f"{a.value:,.0f}"] for phrase, a in read.items()},
    index=["currency", "digits", "scale", "hedge", "value"],
).T

# %% [markdown]
# "16" claims less than "16.0": the one is anything from 15.5 to 16.5, the other from 15.95 to 16.05. "About" doubles the
# room, and "more than 50" is no 50.

# %%
from forecast.estimates import claim

for digits, hedge in (("16", ""), ("16.0", ""), ("16", "about"), ("50", "more than")):
    low, high = claim(digits, hedge).cell
    print(f"{hedge:10} {digits:5} is from {low:g} to {high:g}")

# %% [markdown]
# Growth comes as a rate or as a multiple; some phrases have two readings, and then both are told and none is chosen.

# %%
for phrase in ("CAGR of 25.1%", "超過43%", "doubles", "三成", "成長3倍"):
    growth = parse_growth(phrase)
    print(f"{phrase:20} {growth.kind:9} {growth.value} {growth.hedge} {growth.ambiguity}")
print(parse_year("民國113年"), parse_year("FY2023"))

# %% [markdown]
# ## A table of your own
#
# One row is what one publication printed about one market. The columns are those of
# `forecast template estimates.xlsx`; those that are not needed can be left away. A quote is not required, but it is what
# makes a number traceable.

# %%
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp())
typed = """id,publisher,published,scope,geography,currency,scale,base_year,base_value,base_hedge,target_year,target_value,target_hedge,cagr,cagr_from,cagr_to,quote,source
A,Alder Research,2024-03,home sensors,global,USD,billion,2023,4.2,,2030,9.8,,12.9,2023,2030,"USD 4.2 billion in 2023 to USD 9.8 billion by 2030, a CAGR of 12.9%",made up
B,Birch Insight,2024-05,home sensors,global,USD,billion,2023,6.1,about,2030,21,,14.2,2023,2030,"about USD 6.1 billion in 2023; USD 21 billion by 2030, growing at 14.2%",made up
C,Cedar Markets,2023-11,home sensors,global,USD,million,2022,3900,,,,,11,2022,2028,"USD 3,900 million in 2022; 11% a year to 2028",made up
D,Dogwood,2024-01,home sensors,global,EUR,billion,2023,4.0,,2028,more,,,,,"EUR 4.0 billion in 2023 and more by 2028",made up
E,Elm & Partners,2024-02,home safety sensors,global,USD,billion,2023,6.5,,2029,11.4,,9.8,2023,2029,"USD 6.5 billion in 2023",made up
"""
(folder / "first_try.csv").write_text(typed, encoding="utf-8")
try:
    forecast.read_estimates(folder / "first_try.csv")
except forecast.errors.EstimatesError as error:
    print(error)

# %% [markdown]
# A file is read whole or not at all, and every problem is told at once, with its place. Row D holds the word "more"
# where a number belongs: the publication did not print one. So it is left empty.

# %%
(folder / "home_sensors.csv").write_text(typed.replace("2028,more,", ",,"), encoding="utf-8")
estimates = forecast.read_estimates(folder / "home_sensors.csv")
estimates.set_index("id")[
    ["publisher", "scope", "currency", "scale", "base_year", "base_value", "target_value", "cagr"]
]

# %% [markdown]
# Elm's scope is a part of the others': safety sensors are home sensors too. A small file of scopes says so.

# %%
(folder / "scopes.toml").write_text(
    """schema = 1

[[scope]]
name = "home sensors"

[[scope]]
name = "home safety sensors"
inside = "home sensors"
""",
    encoding="utf-8",
)
scopes = forecast.read_scopes(folder / "scopes.toml")

# %% [markdown]
# ## What does not fit
#
# The audit computes what each row implies and holds it against what it states, then holds the rows against each other.
# Severity `high` is a contradiction that no rounding explains.

# %%
audit = forecast.audit(estimates, scopes)
print(audit.summary())
columns = ["id", "other_id", "check", "severity", "stated", "implied"]
audit.table.loc[audit.table["severity"] != "none", columns].round(2)

# %%
for sentence in audit.table.loc[audit.table["severity"].isin(["high", "medium"]), "explanation"]:
    print("-", sentence)

# %% [markdown]
# Birch's numbers contradict each other: from 6.1 to 21 in seven years is not 14.2 % a year. Check it by hand:

# %%
implied = (21 / 6.1) ** (1 / 7) - 1
print(f"{implied:.1%} a year")
assert implied > 0.19
row = audit.table.query("id == 'B' and check == 'incoherent'").iloc[0]
assert row["severity"] == "high"

# %% [markdown]
# The same as a figure: stated growth against what base and target imply.

# %%
audit.plot();

# %% [markdown]
# ## One footing
#
# Cedar prints millions and Dogwood euros. Nothing is converted in silence: numbers on different footings are refused.

# %%
try:
    forecast.reconcile(estimates, scope="home sensors", scopes=scopes)
except forecast.errors.ForecastError as error:
    print(error)

# %% [markdown]
# `normalize` converts, with rates that you give and name, and keeps what it did in the column `conversion`.

# %%
rates = pd.DataFrame(
    {"from": ["EUR"], "to": ["USD"], "year": [2023], "rate": [1.08], "source": ["made up, like the rest"]}
)
same = forecast.normalize(estimates, currency="USD", scale="billion", rates=rates)
for text in same.loc[same["id"].isin(["C", "D"]), "conversion"]:
    print("-", text)
same.set_index("id")[["currency", "scale", "base_year", "base_value", "target_value"]]

# %% [markdown]
# Elm sizes a *part* of the market, yet prints more for it than any of the four who size the whole. A part counts for its
# whole only through a ratio that somebody states; nobody does here, so we ask about the four.

# %%
whole = same[same["scope"] == "home sensors"]
part = same.loc[same["id"] == "E", "base_value"].astype(float).item()
assert part > whole.loc[whole["base_year"] == 2023, "base_value"].astype(float).max()

consensus = forecast.reconcile(whole, scope="home sensors", reference_year=2023)
print(consensus.summary())
consensus.plot();

# %% [markdown]
# ## Save it
#
# `write_estimates` writes the table back, for a spreadsheet or for the next notebook; reading it again gives the same
# rows.

# %%
path = folder / "again.csv"
forecast.write_estimates(estimates, path)
assert forecast.read_estimates(path)["base_value"].tolist() == estimates["base_value"].tolist()
