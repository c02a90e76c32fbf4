"""`doorstep judge`: bundles `{visit, entries, now}` in, one line of JSON each out. No server, no database."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from service.errors import Problem
from service.judge.findings import FindingView, Verdict
from service.judge.judge import judge
from service.judge.rules import Rules
from service.judge.visit import Bundle
from service.web.decoding import decode

from .loader import read_folder, shipped

_bundles = msgspec.json.Decoder(Bundle)
_encoder = msgspec.json.Encoder()


class BundleJudged(msgspec.Struct, frozen=True):
    """The line printed for one bundle."""

    visit: str
    verdict: Verdict | None
    findings: tuple[FindingView, ...]


def judge_all(names: Iterable[str], out: BinaryIO) -> int:
    """Judge the files named (`-`: a bundle on each line of standard input), in order. 0, or 2 when any failed."""
    rules = Rules(read_folder(shipped()).checklist)
    status = 0
    for where, raw in _raw(names):
        try:
            line = _encoder.encode(judged(rules, raw)) if isinstance(raw, bytes) else b""
            fault = raw if isinstance(raw, OSError) else None
        except (Problem, NotHere) as error:
            line, fault = b"", error
        if fault is None:
            out.write(line + b"\n")
            continue
        out.flush()
        sys.stderr.write(f"{where}: {_sentence(fault)}\n")
        status = 2
    out.flush()
    return status


class NotHere(ValueError):
    """The bundle names a checklist or a visit type that is not here."""


def judged(rules: Rules, raw: bytes) -> BundleJudged:
    """Judge the bytes of one bundle."""
    bundle = decode(_bundles, raw)
    if bundle.visit.checklist not in ("", rules.checklist.name):
        raise NotHere(f"the checklist is not {rules.checklist.name}, the one that this program carries")
    if bundle.visit.type not in rules.checklist.visit_types:
        raise NotHere(f"the checklist has no visit type {bundle.visit.type!r}")
    judgement = judge(rules, bundle.visit, bundle.entries, bundle.now)
    shown = rules.speaker.show(judgement.findings, judgement.labels)
    return BundleJudged(bundle.visit.id, judgement.verdict, shown)


def _raw(names: Iterable[str]) -> Iterator[tuple[str, bytes | OSError]]:
    for name in names:
        if name == "-":
            for number, line in enumerate(sys.stdin.buffer, 1):
                if line.strip():
                    yield f"standard input, line {number}", line
            continue
        try:
            yield name, Path(name).read_bytes()
        except OSError as error:
            yield name, error


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror}"
    if isinstance(error, Problem):
        places = "; ".join(f"{fault.pointer or '/'}: {fault.detail}" for fault in error.errors)
        return f"cannot be judged: {places or error.detail or error.title_en}"
    return f"cannot be judged: {error}"
