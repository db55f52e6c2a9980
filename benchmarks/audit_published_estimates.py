"""Judge the audit on published estimates whose contradictions were found by hand.

Prints the table of hits, misses and false alarms of the check `incoherent`, and the diagnosis beside the note.

    python benchmarks/audit_published_estimates.py [FILE]

FILE has the columns of tests/reference/published_estimates.csv (the default), which are mapped onto the columns
of a table of estimates as `as_estimates` says. The column `check` ("ok", "MISMATCH ...", or empty) is the truth;
it is not shown to the audit.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd

from forecast.estimates import audit

PUBLISHED = Path(__file__).resolve().parents[1] / "tests" / "reference" / "published_estimates.csv"

_HEDGE_WORDS = (
    ("more than", r">|\bmore than\b|\bover\b|\bexceed"),
    ("about", r"\babout\b|\bapproximately\b|\baround\b"),
    ("nearly", r"\bnearly\b|\balmost\b"),
)
_OTHER_YEAR = re.compile(r"(?<!implied )\b((?:19|20)\d\d) = (\d+(?:\.\d+)?)(?! implied| bn \(| \(\d+ periods)")


def as_estimates(published: pd.DataFrame) -> pd.DataFrame:
    """Map the file of published estimates onto the columns of a table of estimates.

    - `vintage` is `title`-free text and goes to `note`; `market` is `scope`; `scope_definition` is `includes`.
    - `base_value_usd_bn`, `target_value_usd_bn` keep their digits; the currency is USD and the scale billion,
      unless the cell says otherwise ("JPY 1.6 tn").
    - `stated_cagr_pct` is `cagr`; `cagr_period` ("2023-2028") is `cagr_from` and `cagr_to`.
    - `hedge` is one phrase for the whole row. A hedge that names a percentage ("more than 26%", ">43%") belongs to
      the growth; "more than" and "over" without one belong to the target; "about" belongs to both levels. Words
      such as "forecast", "can reach" and "expects" hedge nothing. "actual" makes the status of the row.
    - `note` gives further printed years ("2024 = 17.6"), unless they are called implied, and a printed multiple
      ("multiple 3.06 stated", "title says double").
    - what stands in brackets behind the publisher is `via`; "publisher not named" leaves the publisher empty.
    """
    rows = [_row(line) for line in published.fillna("").astype(str).to_dict("records")]
    return pd.DataFrame(rows, dtype=str)


def _row(line: dict[str, str]) -> dict[str, str]:
    start, _, end = line["cagr_period"].partition("-")
    base, target = _amount(line["base_value_usd_bn"]), _amount(line["target_value_usd_bn"])
    return {
        "id": line["id"],
        **_publisher(line["publisher"]),
        "scope": line["market"],
        "geography": line["geography"],
        "currency": "JPY" if "JPY" in line["target_value_usd_bn"] else "USD",
        "scale": "trillion" if line["target_value_usd_bn"].endswith("tn") else "billion",
        "base_year": line["base_year"],
        "base_value": base,
        "target_year": line["target_year"],
        "target_value": target,
        "cagr": line["stated_cagr_pct"],
        "cagr_from": start,
        "cagr_to": end,
        "multiple": _multiple(line["note"]),
        "other_values": "; ".join(f"{year}={value}" for year, value in _OTHER_YEAR.findall(line["note"])),
        "includes": "" if line["scope_definition"] == "not given" else line["scope_definition"].replace(",", ";"),
        "status": "actual" if line["hedge"].startswith("actual") else "printed",
        "source": line["source_url"],
        "note": "; ".join(filter(None, (line["vintage"], line["note"]))),
        **_hedges(line["hedge"]),
    }


def _publisher(text: str) -> dict[str, str]:
    name, _, bracket = text.partition(" (")
    if "publisher not named" in bracket:
        return {"publisher": "", "via": name}
    return {"publisher": name, "via": bracket.rstrip(")").removeprefix("via ") if bracket.startswith("via") else ""}


def _amount(text: str) -> str:
    return text.removeprefix("JPY ").removesuffix(" tn").removesuffix(" bn")


def _multiple(note: str) -> str:
    found = re.search(r"multiple (\d+(?:\.\d+)?) stated", note)
    return found[1] if found else "2" if "title says double" in note else ""


def _hedges(text: str) -> dict[str, str]:
    hedges = {}
    for part in re.split(r"[;,]", text):
        hedge = next((name for name, pattern in _HEDGE_WORDS if re.search(pattern, part, re.IGNORECASE)), "")
        if hedge and "%" in part:
            hedges["cagr_hedge"] = hedge
        elif hedge == "about":
            hedges |= {"base_hedge": hedge, "target_hedge": hedge}
        elif hedge:
            hedges["target_hedge"] = hedge
    return hedges


def judge(published: pd.DataFrame) -> pd.DataFrame:
    """Hold the audit against the column `check`: one row an estimate that prints base, target and growth."""
    found = audit(as_estimates(published)).of("incoherent")
    found = found[found["severity"] != "none"].set_index("id")
    truth = published.loc[published["check"].ne(""), ["id", "publisher", "check", "note"]].reset_index(drop=True)
    wrong, called = truth["check"].str.startswith("MISMATCH"), truth["id"].isin(found.index)
    verdict = pd.Series("right: coherent", index=truth.index)
    verdict = verdict.mask(wrong & called, "hit").mask(wrong & ~called, "MISS").mask(~wrong & called, "FALSE ALARM")
    return truth.assign(verdict=verdict, diagnosis=truth["id"].map(found["diagnosis"]).fillna(""))


def main(path: Path = PUBLISHED) -> int:
    """Print the table; return 1 on any miss or false alarm."""
    table = judge(pd.read_csv(path, dtype=str, keep_default_na=False))
    print(table.drop(columns="note").to_string(index=False))
    counts = table["verdict"].value_counts()
    print("\n" + "; ".join(f"{name}: {count}" for name, count in counts.items()))
    return int(table["verdict"].isin(["MISS", "FALSE ALARM"]).any())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else PUBLISHED))
