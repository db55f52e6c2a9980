"""One page from a run: what stands in it, and the template it stands in."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast import __version__
from forecast.report.bottom_up import why
from forecast.report.manifest import input_hashes, library_versions, machine
from forecast.report.memo import handover, told_stories
from forecast.report.page import sections
from forecast.report.page.answer import keys, others
from forecast.report.page.pictures import pictures
from forecast.report.page.register import register
from forecast.wording import amount

if TYPE_CHECKING:
    from jinja2 import Environment

    from forecast.pipeline import Run
    from forecast.sensitivity import Tornado

HERE = Path(__file__).parent
CONTENTS = (
    ("answer", "Answer"),
    ("sources", "Sources"),
    ("clashes", "Clashes"),
    ("consensus", "Consensus"),
    ("projection", "Projection"),
    ("sensitivity", "Drivers"),
    ("assumptions", "Assumptions"),
    ("excluded", "Left out"),
    ("register", "Sources in full"),
    ("method", "Method"),
    ("provenance", "Provenance"),
)
"""Sections and how the list of contents calls them."""
_ALWAYS = {"answer", "projection", "sensitivity", "assumptions", "method", "provenance"}
_HAN = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]+")
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def page(run: Run, drivers: Tornado, figures: Path) -> str:
    """Return the report of a run as one HTML file.

    Parameters
    ----------
    run
        A finished run.
    drivers
        Its tornado.
    figures
        Folder with its figures as SVG.
    """
    script = (HERE / "script.js").read_text(encoding="utf-8")
    found = content(run, drivers)
    return (
        _environment()
        .get_template("page.html")
        .render(
            **found,
            contents=[(name, title) for name, title in CONTENTS if name in found["shown"]],
            figures=pictures(figures),
            style=(HERE / "style.css").read_text(encoding="utf-8"),
            script=script,
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


def content(run: Run, drivers: Tornado) -> dict[str, Any]:
    """Return what the template shows, by name; empty where a run has no consensus."""
    entries = register(run)
    shared: dict[str, Any] = {
        "run": run,
        "keys": keys(run),
        "others": others(run),
        "stories": told_stories(run.case.scenarios),
        "projection": sections.projection_table(run),
        "causes": sections.causes_table(run),
        "drivers": drivers,
        "ranking": sections.drivers_table(drivers),
        "assumed": sections.assumptions_table(run),
        "entries": entries,
        "inputs": sections.files_table(input_hashes(run.case)),
        "software": sections.versions_table({"forecast": __version__, **library_versions(), "system": machine()}),
    }
    return shared | (_pooled(run, entries) if run.has_consensus else _unpooled(run))


def _unpooled(run: Run) -> dict[str, Any]:
    return {
        "sources": None,
        "why": why(run),
        "handover": f"The paths start in {run.projection.years[0]}.",
        "shown": _ALWAYS,
    }


def _pooled(run: Run, entries: sections.Entries) -> dict[str, Any]:
    beliefs = run.consensus.prior_sensitivity()
    grave, further = sections.findings_tables(run, entries)
    return {
        "shown": _ALWAYS
        | {"sources", "clashes", "consensus", "register"}
        | ({"excluded"} if run.consensus.left_out else set()),
        "sources": sections.sources_table(entries),
        "audited": run.audit.summary().partition("\n")[0],
        "worth": _worth(run),
        "handover": handover(run),
        "grave": grave,
        "further": further,
        "consensus": sections.consensus_table(run),
        "houses": sections.houses_table(run, entries),
        "priors": sections.prior_table(run, beliefs),
        "moved": sections.prior_words(beliefs),
        "settings": sections.settings_table(run),
        "left_out": sections.left_out_table(entries),
    }


def _worth(run: Run) -> str:
    count = len(run.consensus.pool.sources)
    worth = amount(run.consensus.effective_sources)
    return f"Publishers lean on each other: {count} sources are worth {worth} independent ones."


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["said"] = said
    return environment


def said(words: object) -> str:
    """Return words of others as HTML: escaped, apart from the text around them, Chinese marked as such.

    Signs that are not seen but turn the reading order are written out.

    Examples
    --------
    >>> print(said("<b> 約16"))
    <bdi>&lt;b&gt; <span lang="zh-Hant">約</span>16</bdi>
    """
    from markupsafe import Markup, escape

    seen = _UNSEEN.sub(lambda sign: f"[{unicodedata.name(sign[0])}]", str(words))
    seen = seen.replace(" %", "\u00a0%")
    marked = _HAN.sub(lambda found: f'<span lang="zh-Hant">{found[0]}</span>', str(escape(seen)))
    return Markup(f"<bdi>{marked}</bdi>")
