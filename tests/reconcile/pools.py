"""Small pools for the tests of reconciliation."""

import math

import numpy as np
import pandas as pd

from forecast.distributions import Lognormal
from forecast.estimates import Footing, Scope, Scopes, read_estimates
from forecast.reconcile.pool import Pool
from forecast.reconcile.priors import Prior
from forecast.reconcile.statements import Source, Statement

WHOLE, PART = "regenerative medicine", "cell and gene therapy"
SCOPES = Scopes((Scope(WHOLE), Scope(PART, WHOLE, ratio=Lognormal(0.75, 0.30), ratio_year=2023, growth_sd=0.03)))


def level(year, value, *, width=0.02):
    """A printed level with a cell of `width` in logs."""
    return Statement("level", math.log(value) - width / 2, math.log(value) + width / 2, year, year, printed=value)


def growth(start, end, rate, *, width=0.0):
    """A printed growth a year, as a share."""
    middle = (end - start) * math.log1p(rate)
    return Statement("growth", middle - width / 2, middle + width / 2, start, end)


def source(name, *statements, vintage=2023, scope=WHOLE, publisher=None, **more):
    """One source."""
    return Source(name, publisher or name, scope, vintage, statements, **more)


def pool(*sources, scope=WHOLE, prior=None, year=2023):
    """A pool of sources in USD bn."""
    return Pool(tuple(sources), scope, SCOPES, Footing("USD", "billion"), year, prior or Prior())


def four(*, prior=None):
    """Four sources like those of the case of regenerative medicine."""
    bound = Statement("growth", 7 * math.log(1.43), math.inf, 2023, 2030, 0.0488)
    return pool(
        source("a", bound, Statement("level", math.log(50), math.inf, 2030, 2030, 0.182)),
        source("b", level(2023, 16, width=0.12), level(2028, 49), growth(2023, 2028, 0.251)),
        source("c", level(2016, 18.9), level(2021, 53.7), vintage=2016),
        source("d", level(2023, 18.12), level(2028, 41.21), scope=PART),
        prior=prior,
    )


def table(*rows):
    """Rows of the estimates contract, with what they do not say filled in."""
    usual = {"publisher": "", "scope": WHOLE, "currency": "USD", "scale": "billion", "base_year": "2023"}
    filled = [usual | {"id": f"r{place}", "publisher": f"P{place}"} | row for place, row in enumerate(rows)]
    return read_estimates(pd.DataFrame(filled).fillna("").astype(str))


def years(first=2023, last=2028):
    """Years of an answer."""
    return np.arange(first, last + 1)
