"""One page from a run: what stands in it, and the template it stands in."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast import __version__
from forecast.report.assumptions import assumptions
from forecast.report.bottom_up import why
from forecast.report.facts import facts, named
from forecast.report.manifest import input_hashes, library_versions, machine
from forecast.report.memo import handover, measured_in_words, told_stories
from forecast.report.page import evidence, outlook, provenance
from forecast.report.page.answer import keys, others
from forecast.report.page.pictures import pictures
from forecast.report.page.register import register
from forecast.report.promises import promises_in_words
from forecast.report.sides import check_rows, gap_in_words, side_rows
from forecast.wording import amount

if TYPE_CHECKING:
    import pandas as pd
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
    ("checks", "Checks"),
    ("sensitivity", "Drivers"),
    ("assumptions", "Assumptions"),
    ("excluded", "Left out"),
    ("register", "Sources in full"),
    ("method", "Method"),
    ("provenance", "Provenance"),
)
"""Sections and how the list of contents calls them."""
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
    entries, beside = register(run), named(facts(run.case), _texts(run))
    links = addresses(run, entries, beside)
    found = content(run, drivers, entries, links) | {"facts": evidence.facts_table(beside)}
    shown = _shown(found)
    return (
        _environment(links)
        .get_template("page.html")
        .render(
            **found,
            shown=shown,
            contents=[(name, title) for name, title in CONTENTS if name in shown],
            figures=pictures(figures),
            style=(HERE / "style.css").read_text(encoding="utf-8"),
            script=script,
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


def _texts(run: Run) -> list[str]:
    """Return the texts of the page that may name a fact."""
    case, said_so = run.case, assumptions(run)
    stories = [case.file.because, *(story.because for story in case.scenarios.values())]
    checks = check_rows(run)
    tables = [
        said_so["because"],
        said_so["source"],
        checks["because"],
        checks["source"],
        run.audit.table["explanation"],
    ]
    return [*stories, *(str(words) for column in tables for words in column)]


def addresses(run: Run, entries: evidence.Entries, beside: pd.DataFrame) -> dict[str, str]:
    """Return where each id of a fact, count or estimate stands on the page."""
    found = {str(key): f"#fact-{place}" for place, key in enumerate(beside["id"], start=1)}
    counted = run.case.counts["id"] if len(run.case.counts) else ()
    found |= {str(key): f"#count-{place}" for place, key in enumerate(counted, start=1)}
    return found | {key: entry.link for key, entry in entries.items()}


def content(run: Run, drivers: Tornado, entries: evidence.Entries, links: Mapping[str, str]) -> dict[str, Any]:
    """Return what the template shows, by name."""
    grave, further = evidence.findings_tables(run, links)
    across = side_rows(run)
    shared: dict[str, Any] = {
        "run": run,
        "keys": keys(run),
        "others": others(run),
        "audited": evidence.audited(run),
        "grave": grave,
        "further": further,
        "stories": told_stories(run),
        "projection": outlook.projection_table(run),
        "parts": outlook.parts_table(run),
        "causes": outlook.causes_table(run),
        "checks": outlook.checks_table(run),
        "sides": outlook.sides_table(run, across),
        "gap": gap_in_words(run, across) if len(across) else "",
        "drivers": drivers,
        "ranking": outlook.drivers_table(drivers),
        "assumed": outlook.assumptions_table(run),
        "entries": entries,
        "counts": evidence.counts_table(run),
        "left_out": evidence.left_out_table(entries),
        "inputs": provenance.files_table(input_hashes(run.case)),
        "software": provenance.versions_table({"forecast": __version__, **library_versions(), "system": machine()}),
    }
    return shared | (_pooled(run, entries) if run.has_consensus else _unpooled(run))


def _pooled(run: Run, entries: evidence.Entries) -> dict[str, Any]:
    beliefs = run.consensus.prior_sensitivity()
    return {
        "sources": evidence.sources_table(entries),
        "measured": measured_in_words(run),
        "worth": _worth(run),
        "handover": handover(run),
        "promises": promises_in_words(run),
        "consensus": evidence.consensus_table(run),
        "houses": evidence.houses_table(run, entries),
        "priors": evidence.prior_table(run, beliefs),
        "moved": evidence.prior_words(beliefs),
        "settings": outlook.settings_table(run),
    }


def _unpooled(run: Run) -> dict[str, Any]:
    return {"sources": None, "why": why(run), "handover": f"The paths start in {run.projection.years[0]}."}


def _shown(found: Mapping[str, Any]) -> set[str]:
    """Return the sections that have something to show."""
    filled = {
        "sources": found["sources"],
        "consensus": found["sources"],
        "clashes": found["grave"].rows or found["further"].rows,
        "checks": found["gap"] or found["checks"].rows,
        "excluded": found["left_out"].rows,
        "register": found["entries"] or found["counts"].rows or found["facts"].rows,
    }
    return {name for name, _ in CONTENTS if filled.get(name, True)}


def _worth(run: Run) -> str:
    count = len(run.consensus.pool.sources)
    worth = amount(run.consensus.effective_sources)
    return f"Publishers lean on each other: {count} sources are worth {worth} independent ones."


def _environment(links: Mapping[str, str]) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"said": said, "linked": linker(links)}
    return environment


def linker(links: Mapping[str, str]) -> Callable[[object], str]:
    """Return what `said` does, with a link at every id that has an address.

    Examples
    --------
    >>> print(linker({"S1-08": "#fact-3"})("as in S1-08, not S1-081"))
    <bdi>as in <a href="#fact-3">S1-08</a>, not S1-081</bdi>
    """
    from markupsafe import Markup

    ids = sorted(links, key=len, reverse=True)
    known = re.compile(r"(?<![\w-])(" + "|".join(map(re.escape, ids)) + r")(?![\w-])") if ids else None

    def part(words: str) -> str:
        marked = _marked(words)
        return f'<a href="{links[words]}">{marked}</a>' if words in links else marked

    def linked(words: object) -> str:
        pieces = known.split(str(words)) if known else [str(words)]
        return Markup("<bdi>" + "".join(map(part, pieces)) + "</bdi>")

    return linked


def said(words: object) -> str:
    """Return words of others as HTML: escaped, apart from the text around them, Chinese marked as such.

    Signs that are not seen but turn the reading order are written out.

    Examples
    --------
    >>> print(said("<b> 約16"))
    <bdi>&lt;b&gt; <span lang="zh-Hant">約</span>16</bdi>
    """
    from markupsafe import Markup

    return Markup(f"<bdi>{_marked(str(words))}</bdi>")


def _marked(words: str) -> str:
    from markupsafe import escape

    seen = _UNSEEN.sub(lambda sign: f"[{unicodedata.name(sign[0])}]", words).replace(" %", "\u00a0%")
    return _HAN.sub(lambda found: f'<span lang="zh-Hant">{found[0]}</span>', str(escape(seen)))
