"""The checks of the audit, each a small function in a registry."""

from forecast.estimates.checks import footing, growth, levels, phrases, sources
from forecast.estimates.checks.registry import CHECKS, SEVERITIES, Check, Finding, Findings

__all__ = ["CHECKS", "SEVERITIES", "Check", "Finding", "Findings", "footing", "growth", "levels", "phrases", "sources"]
