"""Reconcile market-size estimates that contradict each other, and project the market with honest bands."""

__version__ = "0.1.0"
