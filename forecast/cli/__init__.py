"""The command `forecast`; no logic of its own."""

from forecast.cli.arguments import parser
from forecast.cli.program import console, main

__all__ = ["console", "main", "parser"]
