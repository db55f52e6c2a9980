"""Segments: parts of a market, each on its own curve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator

from forecast.errors import Problem
from forecast.scenario.drivers import PositiveDriver, ShareDriver, Status
from forecast.scenario.format import Format, Found, refuse
from forecast.scenario.growth import AnyGrowth, SegmentsGrowth, TreeGrowth

TOLERANCE = 0.005
"""How far the shares of all segments may be from 1."""


def _own_curve(growth: AnyGrowth) -> AnyGrowth:
    if isinstance(growth, TreeGrowth | SegmentsGrowth):
        raise refuse("a curve of the segment's own", "the curves tree and segments are for the whole market")
    return growth


class Segment(Format):
    """A part of the market."""

    title: str = ""
    """Title in figures and tables."""
    share: ShareDriver | None = None
    """Share of the market in the handover year; shares are scaled to sum to 1."""
    start: PositiveDriver | None = None
    """Value in the handover year, on the footing of the case, where no share is given."""
    growth: Annotated[AnyGrowth, AfterValidator(_own_curve)]
    """Curve of the segment."""
    value_basis: str = ""
    """What is paid for, where it differs from the case."""
    because: str = ""
    """Why it is a segment of its own."""
    source: str = ""
    """Where that comes from."""
    status: Status = "assumed"
    """Printed in a source, derived from it, or assumed."""


def segment_problems(segments: Mapping[str, Segment], raw: Mapping[str, object]) -> Iterator[Found]:
    """Shares that do not make a whole.

    Parameters
    ----------
    segments
        As far as they can be read; what is wrong is None.
    raw
        The tables as they are written.
    """
    given = {name: [key for key in ("share", "start") if _gives(raw[name], key)] for name in segments}
    for name, keys in given.items():
        if len(keys) != 1:
            yield (name,), Problem("", "both or neither of share and start", "one of share and start")
    if any("share" in keys for keys in given.values()) and not all("share" in keys for keys in given.values()):
        yield (), Problem("", "some segments with a share, some with a start", "the same for all segments")
    shares = [segment.share for segment in segments.values() if segment.share is not None]
    total = sum(float(share.distribution.from_score(0.0)) for share in shares)
    if shares and len(shares) == len(raw) and abs(total - 1) > TOLERANCE:
        yield (), Problem("", f"shares that sum to {total:g}", "shares that sum to 1 at their medians")


def _gives(table: object, key: str) -> bool:
    return key in table if isinstance(table, Mapping) else getattr(table, key) is not None
