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
# # Sensitivity
#
# Which assumption matters? There is no single answer, because the question has several meanings. This notebook asks each
# of them of the same number, the market for regenerative medicine in 2030, and says what each answer is good for.
#
# | question | verb |
# |---|---|
# | What does each input do by itself, from low to high? | `tornado` |
# | Is its effect straight, bent, or back and forth? | `spider` |
# | What do two inputs do together? | `grid` |
# | How far must an input go until the answer changes? | `break_even`, `reverse_stress` |
# | Which input makes the band wide, year by year? | `sobol`, `shapley` |
# | Is it the sources, the growth, or the scenario that we do not know? | `decomposition` |
# | Which source, which printed number, carries the answer? | `influence` |
# | What do the worlds have in common in which the market gets large? | `discover` |

# %%
# %matplotlib inline
import forecast
from forecast import Probability, Value

run = forecast.run("regenerative_medicine")
market = Value(2030)
median = run.projection.quantiles([0.5]).loc[("base", 2030)].item()
target = round(1.5 * median, -1)
print(
    f"Median of the market in 2030, scenario base: {median:.0f} {run.unit}; asked about below: {target:.0f} {run.unit}"
)

# %% [markdown]
# ## One at a time: the tornado
#
# Each input goes from its P10 to its P90 while the others stay. Sources are left out one at a time. Inputs that cannot
# move the answer are listed under the figure with the reason: that is information too.

# %%
tornado = forecast.tornado(run, market)
print(tornado.summary())
tornado.plot();

# %% [markdown]
# A tornado answers "what should I find out first?". It does not say how likely the ends are, and it misses what two
# inputs do together.
#
# ## Straight or bent: the spider
#
# The same inputs at five points. A straight line means that half the change does half the harm.

# %%
spider = forecast.spider(run, market)
print(spider.summary())
spider.plot();

# %% [markdown]
# ## Two together: the grid
#
# How fast does growth fade, and where does it settle? Each cell is the median of 2035 at one pair; the line, where there
# is one, marks the pairs that give the target.

# %%
grid = forecast.grid(run, Value(2035), "growth.half_life", "growth.terminal_growth", target=target)
print(grid.summary())
grid.plot();

# %% [markdown]
# ## How far until the answer changes
#
# Break-even turns the question round: which value of one input alone brings the median to the target, half as much again
# as it is? Many inputs cannot, wherever they go.

# %%
even = forecast.break_even(run, market, target)
print(even.summary())
even.plot();

# %% [markdown]
# And all inputs together: the likeliest way to get there. It is the point that an argument for or against that market has
# to be about.

# %%
stress = forecast.reverse_stress(run, market, target)
print(stress.summary())
stress.plot();

# %% [markdown]
# ## Shares of the band: Sobol and Shapley
#
# Now every input moves at once, as likely as it is. Sobol's indices say which part of the variance goes away if an input
# became known. Year by year the answer changes: at first it is today's market that nobody knows, later the growth.

# %%
sobol = forecast.sobol(run, market)
print(sobol.summary())
sobol.plot();

# %% [markdown]
# Where inputs are correlated, Sobol's shares no longer add up, and Shapley's do: each input gets its fair part of the
# whole, and the parts sum to one. Here nothing is correlated, so the two agree.

# %%
shapley = forecast.shapley(run, market)
print(shapley.summary())
shapley.plot();

# %% [markdown]
# ## Kinds of not knowing: the decomposition
#
# The band by cause, in a fixed order: how far publishers lie apart, how vaguely each one prints, growth, yearly ups and
# downs, the scenario's drivers, and the error that published forecasts have shown. Better sources would narrow the first
# two; nothing you can read will narrow the last.

# %%
parts = forecast.decomposition(run, 2030)
print(parts.summary())
parts.plot();

# %% [markdown]
# ## Which source carries the answer: influence
#
# Each source, and each number it prints, left out in turn.

# %%
influence = forecast.influence(run, market)
print(influence.summary())
influence.plot();

# %% [markdown]
# ## The worlds in which it gets large: discovery
#
# Take thousands of drawn worlds, mark those with more than the target, and look for the few inputs that tell them
# apart. The answer is a rule that an analyst can read out.

# %%
discovery = forecast.discover(run, market, target)
print(discovery.summary())
discovery.plot();

# %% [markdown]
# ## Any quantity
#
# All verbs take any quantity: a value, a growth rate, a first year above an amount, a sum over years, a probability.

# %%
chance = forecast.tornado(run, Probability(above=target, year=2030))
print(chance.summary())
chance.plot();
