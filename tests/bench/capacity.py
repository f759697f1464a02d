"""What a country needs, computed from weights that were measured.

    python -m tests.bench.capacity [docs/benchmarks/weights.json] [--packs 1e9,1e10]
        [--hops 3] [--scans 3.2] [--peak 10] [--alone 0.2] [--years 6] [--cold 1]
        [--load 0.5] [--write docs/capacity.md]

The formulae stand in docs/capacity.md, whose tables this prints; `--write` puts them
there anew. An operator gives his own figures by the options, or measures his own
machine with `python -m tests.bench.weighing --json FILE`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

YEAR_SECONDS = 31_556_952  # of the Gregorian calendar
CASE, PALLET = 48, 1_920  # packs
BEGIN, END = "<!-- computed -->\n", "<!-- end -->\n"
HERE = Path(__file__).resolve().parents[2]
WEIGHTS = HERE / "docs/benchmarks/weights.json"
PAGE = HERE / "docs/capacity.md"


@dataclass(frozen=True, slots=True)
class Country:
    """The trade of a year.

    Attributes:
        packs: sold in a year.
        hops: changes of hands by the pallet; one more is by the case.
        scans: of each pack, besides the one that is its dispense.
        peak: the busiest second against the mean one.
        alone: part of dispenses that are signed one by one; the others by shift.
        years: that statements are kept.
        cold_years: after which a lot's register goes into blocks.
        load: part of a core that is to be busy at the peak.
    """

    packs: float
    hops: float = 3
    scans: float = 3.2
    peak: float = 10
    alone: float = 0.2
    years: float = 6
    cold_years: float = 1
    load: float = 0.5

    def steps(self) -> dict[str, float]:
        """How often each step is done for one pack."""
        moves = 2 * (self.hops / PALLET + 1 / CASE)  # shipped and received
        shifts = (1 - self.alone) / 100  # statements
        leaves = 1e-5 + 1 / PALLET + 1 / CASE + moves + self.alone + shifts
        return {
            "pack commissioned": 1,
            "case packed": 1 / CASE,
            "pallet packed": 1 / PALLET,
            "pallet moved": moves,
            "pack dispensed alone": self.alone,
            "pack dispensed by shift": 1 - self.alone,
            "leaf logged": leaves,
            "pack scanned": self.scans,
        }


@dataclass(frozen=True, slots=True)
class Weight:
    """What one step costs (tests/bench/weighing.py)."""

    site_seconds: float
    server_seconds: float
    wal_bytes: float
    disk_bytes: float


@dataclass(frozen=True, slots=True)
class Need:
    """What one step of a country needs; rates are means."""

    step: str
    per_second: float
    site_cores: float
    server_cores: float
    wal_bytes_per_second: float
    disk_bytes_per_year: float


def needs(country: Country, weights: Mapping[str, Weight]) -> list[Need]:
    """R = packs a year x steps a pack / 31.56 M s, times what each step costs."""
    found = []
    for step, each in country.steps().items():
        rate = country.packs * each / YEAR_SECONDS
        weight = weights[step]
        found.append(
            Need(
                step=step,
                per_second=rate,
                site_cores=rate * weight.site_seconds,
                server_cores=rate * weight.server_seconds,
                wal_bytes_per_second=rate * weight.wal_bytes,
                disk_bytes_per_year=rate * weight.disk_bytes * YEAR_SECONDS,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Sum:
    """What a country needs at its peak, and what it keeps."""

    steps_per_second: float
    site_cores: int
    server_cores: int
    wal_megabytes_per_second: float
    wal_terabytes_per_year: float
    disk_terabytes: float


def add_up(country: Country, found: list[Need], *, archived: float) -> Sum:
    """Cores at the peak, rounded up; disk for all years.

    Args:
        archived: bytes that a pack's row in the register shrinks by in blocks.
    """
    peak = country.peak / country.load
    yearly = sum(need.disk_bytes_per_year for need in found)
    cold = max(0.0, country.years - country.cold_years) * country.packs * archived
    wal = sum(need.wal_bytes_per_second for need in found)
    return Sum(
        steps_per_second=sum(need.per_second for need in found) * country.peak,
        site_cores=_up(sum(need.site_cores for need in found) * peak),
        server_cores=_up(sum(need.server_cores for need in found) * peak),
        wal_megabytes_per_second=wal * country.peak / 1e6,
        wal_terabytes_per_year=wal * YEAR_SECONDS / 1e12,
        disk_terabytes=(yearly * country.years - cold) / 1e12,
    )


def _up(value: float) -> int:
    return int(-(-value // 1))


def read_weights(path: Path) -> tuple[dict[str, Weight], float]:
    """The weights by step, and what a register's row shrinks by."""
    document = json.loads(path.read_text(encoding="utf-8"))
    weights = {
        name: Weight(**{key: row[key] for key in Weight.__slots__})
        for name, row in document["steps"].items()
    }
    return weights, float(document.get("archived_bytes", 0.0))


def tables(country: Country, sizes: list[float], path: Path) -> str:
    """Markdown: what every step costs and needs, and the sums."""
    weights, archived = read_weights(path)
    lines = [_costs(weights), "", _SUM_HEAD]
    for packs in sizes:
        one = replace(country, packs=packs)
        total = add_up(one, needs(one, weights), archived=archived)
        lines.append(
            f"| {packs:,.0f} | {total.steps_per_second:,.0f} | {total.site_cores:,} |"
            f" {total.server_cores:,} | {total.wal_megabytes_per_second:,.1f} |"
            f" {total.wal_terabytes_per_year:,.1f} | {total.disk_terabytes:,.1f} |"
        )
    for packs in sizes:
        one = replace(country, packs=packs)
        lines += ["", f"{packs:,.0f} packs a year, by step (means):", "", _NEED_HEAD]
        lines += [
            f"| {need.step} | {need.per_second:,.1f} | {need.site_cores:.2f} |"
            f" {need.server_cores:.2f} | {need.wal_bytes_per_second / 1e6:.2f} |"
            f" {need.disk_bytes_per_year / 1e9:,.0f} |"
            for need in needs(one, weights)
        ]
    return "\n".join(lines) + "\n"


_SUM_HEAD = (
    "| packs a year | steps/s at the peak | cores for web and jobs | cores for the"
    " primary | WAL MB/s at the peak | WAL TB a year | disk TB, all years |\n"
    "|---:|---:|---:|---:|---:|---:|---:|"
)
_NEED_HEAD = (
    "| step | per second | site cores | server cores | WAL MB/s | disk GB a year |\n"
    "|---|---:|---:|---:|---:|---:|"
)


def _costs(weights: Mapping[str, Weight]) -> str:
    head = (
        "| one step | site, ms | server, ms | WAL, bytes | disk, bytes |\n"
        "|---|---:|---:|---:|---:|"
    )
    return "\n".join(
        [
            head,
            *(
                f"| {name} | {one.site_seconds * 1e3:.3f} |"
                f" {one.server_seconds * 1e3:.3f} | {one.wal_bytes:,.0f} |"
                f" {one.disk_bytes:,.0f} |"
                for name, one in weights.items()
            ),
        ]
    )


def main() -> int:
    """Print the tables; 2 where a figure makes no sense."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", nargs="?", type=Path, default=WEIGHTS)
    parser.add_argument("--packs", default="1e9,1e10")
    for name in ("hops", "scans", "peak", "alone", "years", "cold", "load"):
        parser.add_argument(f"--{name}", type=float)
    parser.add_argument("--write", type=Path)
    chosen = parser.parse_args()
    given = {
        "cold_years" if name == "cold" else name: value
        for name, value in vars(chosen).items()
        if name in Country.__slots__ or name == "cold"
        if name != "packs" and value is not None
    }
    country = replace(Country(packs=0), **given)
    if not (0 <= country.alone <= 1 and 0 < country.load <= 1):
        parser.error("--alone and --load are parts: wanted 0 to 1")
    text = tables(
        country, [float(size) for size in chosen.packs.split(",")], chosen.weights
    )
    if chosen.write:
        page = chosen.write.read_text(encoding="utf-8")
        before, after = page.split(BEGIN)[0], page.split(END)[1]
        chosen.write.write_text(before + BEGIN + text + END + after, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
