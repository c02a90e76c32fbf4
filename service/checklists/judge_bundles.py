"""`doorstep judge`: judges bundles `{visit, entries, now}`, one line of JSON each, without a server or database."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from service.errors import Problem
from service.judge.findings import FindingView, Verdict
from service.judge.judge import judge
from service.judge.rules import CompiledChecklist
from service.judge.visit import Bundle
from service.readable_json import readable
from service.web.decoding import decode_storable, require_storable_text

from .loader import bundled_checklists_dir, load_checklist

_bundles = msgspec.json.Decoder(Bundle)
_encoder = msgspec.json.Encoder()


class JudgedBundle(msgspec.Struct, frozen=True):
    """The line printed for one bundle."""

    visit: str
    verdict: Verdict | None
    findings: tuple[FindingView, ...]


def judge_all(names: Iterable[str], out: BinaryIO) -> int:
    """Judge files in order (`-`: a bundle on each line of standard input). 0, or 2 when any failed."""
    rules = CompiledChecklist(load_checklist(bundled_checklists_dir()).checklist)
    status = 0
    for where, raw in _read(names):
        try:
            if isinstance(raw, OSError):
                raise raw
            line = _encoder.encode(judge_bundle(rules, raw))
        except (OSError, Problem, UnknownChecklistName) as error:
            out.flush()
            sys.stderr.write(f"{where}: {_sentence(error)}\n")
            status = 2
        else:
            out.write(line + b"\n")
    out.flush()
    return status


class UnknownChecklistName(ValueError):
    """The bundle names an unknown checklist or visit type."""


def judge_bundle(rules: CompiledChecklist, raw: bytes) -> JudgedBundle:
    """Judge the bytes of one bundle."""
    text = readable(raw)
    require_storable_text(text)
    bundle = decode_storable(_bundles, text)  # errors as of records, which phones find at the same places
    if bundle.visit.checklist not in ("", rules.checklist.name):
        raise UnknownChecklistName(f"the checklist is not {rules.checklist.name}, the one that this program carries")
    if bundle.visit.type not in rules.checklist.visit_types:
        raise UnknownChecklistName(f"the checklist has no visit type {bundle.visit.type!r}")
    judgement = judge(rules, bundle.visit, bundle.entries, bundle.now)
    shown = rules.speaker.format(judgement.findings, judgement.labels)
    return JudgedBundle(bundle.visit.id, judgement.verdict, shown)


def _read(names: Iterable[str]) -> Iterator[tuple[str, bytes | OSError]]:
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
