"""Turn the knobs of a run by hand, in a notebook: a fan that follows sliders and switches."""

from forecast.explore.panel import Explorer, explore
from forecast.explore.sketch import Setting, Sketch

__all__ = ["Explorer", "Setting", "Sketch", "explore"]
