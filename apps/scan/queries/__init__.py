"""What may be read of scanned codes: verdicts, labels, public pages, search."""

from apps.scan.queries.custody_links import CustodyLink
from apps.scan.queries.labels import LabelRun, find_label_run, find_own_unit
from apps.scan.queries.packproofs import (
    PackCode,
    find_pack_code,
    find_pack_file,
    may_prove,
)
from apps.scan.queries.proofs import ProofLine, find_proof
from apps.scan.queries.public import PublicPack, find_public_pack, linkset
from apps.scan.queries.runs import Run, Scanned, current_run
from apps.scan.queries.said import said_by
from apps.scan.queries.search import Found, search
from apps.scan.queries.verdicts import Undo, Verdict, judge_scan

__all__ = [
    "CustodyLink",
    "Found",
    "LabelRun",
    "PackCode",
    "ProofLine",
    "PublicPack",
    "Run",
    "Scanned",
    "Undo",
    "Verdict",
    "current_run",
    "find_label_run",
    "find_own_unit",
    "find_pack_code",
    "find_pack_file",
    "find_proof",
    "find_public_pack",
    "judge_scan",
    "linkset",
    "may_prove",
    "said_by",
    "search",
]
