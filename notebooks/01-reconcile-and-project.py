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
# # Reconcile and project
#
# How large is the market for regenerative medicine, and how will it grow? Four publications answer, and contradict each
# other: for 2023 their paths lie between USD 4 bn and USD 82 bn. This notebook goes from the printed numbers to a
# consensus with an honest band, projects it under three scenarios, and asks which assumption matters.

# %%
# %matplotlib inline
import forecast

case = forecast.read_case("regenerative_medicine")

# %% [markdown]
# ## What is printed
#
# One row is what one publication printed. The digits are kept as text, because "16" and "16.0" do not claim the same,
# and so are the words beside them: "about", "more than".

# %%
case.estimates.set_index("publisher")[
    ["scope", "base_year", "base_value", "target_year", "target_hedge", "target_value"]
]

# %% [markdown]
# `run` does the whole line once: audit, consensus, projection. Everything below looks at its parts.

# %%
run = forecast.run(case)

# %%
from forecast.figures import sources_by_years

sources_by_years(run.sources_table, unit=run.consensus.footing.label);

# %% [markdown]
# ## Where the numbers clash
#
# The audit computes what each source implies and holds the sources against each other.

# %%
findings = run.audit.table
for sentence in findings.loc[findings["severity"] == "high", "explanation"]:
    print("-", sentence)

# %% [markdown]
# ## The consensus
#
# The house-effect model treats the publishers like polling institutes: each has its own level and its own optimism, and
# agreement between them is not independent evidence. The diamond is the market; the dashed line below it is what one more
# publisher would print, which is a different question.

# %%
print(run.consensus.summary())
run.consensus.plot();

# %% [markdown]
# How far each house lies from the market, as a factor, and how likely it is an outlier:

# %%
run.consensus.houses.round(2)

# %% [markdown]
# With four sources each one counts. What if one of them had never been printed?

# %%
run.consensus.influence().round(2)

# %% [markdown]
# ## The projection
#
# Up to the last year for which two publishers speak, a scenario follows the consensus. After that growth fades towards a
# terminal rate. The first year carries the uncertainty of the consensus: nobody knows even today's market exactly.

# %%
print(run.projection.summary())
run.projection.plot();

# %%
run.projection.quantiles([0.1, 0.5, 0.9]).unstack("scenario").loc[[2025, 2030, 2035]].round(0)

# %% [markdown]
# How likely is a market of more than USD 50 bn in 2030, the number that is quoted most?

# %%
run.projection.probability(above=50, year=2030).round(2)

# %% [markdown]
# ## Which assumption matters
#
# Each input goes from its P10 to its P90 while the others stay where they are. Sources are left out one at a time.

# %%
tornado = forecast.tornado(run, forecast.Value(2030))
print(tornado.summary())
tornado.plot();

# %% [markdown]
# ## Your own reading
#
# A prior is a number with a reason, and it can be changed. If agreement between publishers were independent evidence, the
# band would be narrower; whether it is, is for you to say.

# %%
independent = forecast.reconcile(
    case.estimates, scope=case.scope, scopes=case.scopes, reference_year=2023, prior={"herding": 0.0}
)
independent.quantiles().loc[[2023, 2030]].round(0)
