"""List every fact of the source documents as used (where) or left out (why); ends with 1 if one is neither or both.

python scenarios/fact_usage.py
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def usage() -> dict[str, list[str]]:
    """What each fact is used for, or why it is left out, by its id; empty where neither is said."""
    found: dict[str, list[str]] = {fact["id"]: [] for fact in json.loads(_text("seed_facts.json"))}
    for path in sorted(HERE.glob("*/facts.csv")):
        for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines()):
            found.setdefault(row["id"], []).append(f"used in {path.parent.name}: {row['used_as']}")
    for row in csv.DictReader(_text("left_out.csv").splitlines()):
        found.setdefault(row["id"], []).append(f"left out: {row['because']}")
    return found


def wrong(found: dict[str, list[str]]) -> list[str]:
    """Facts that are neither used nor left out, or both."""
    kinds = {name: {said.startswith("left out") for said in says} for name, says in found.items()}
    return [name for name, kind in kinds.items() if len(kind) != 1]


def _text(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    facts = usage()
    for name, says in facts.items():
        print(f"{name}  {'; '.join(says) or 'NEITHER USED NOR LEFT OUT'}")
    used = sum(any(said.startswith("used") for said in says) for says in facts.values())
    print(f"{len(facts)} facts: {used} used, {len(facts) - used} left out or missing; wrong: {wrong(facts) or 'none'}")
    sys.exit(bool(wrong(facts)))
