"""`doorstep verify-proof`: checks proofs that somebody was given, without a database.

They are found in whatever file has them: proofs in the form of C2SP `tlog-proof`, a receipt, or a customer's copy.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from html import unescape
from typing import Any, cast

import msgspec

from service.audit_log.merkle import leaf_hash
from service.audit_log.notes import (
    PROOF_HEADER,
    InclusionProof,
    InvalidNote,
    VerifierKey,
    parse_checkpoint,
    parse_note,
    parse_proof,
    parse_verifier_key,
)
from service.audit_log.proofs import inclusion_root
from service.audit_log.receipts import Opening, read_opening

_PROOF = re.compile(r"\n(?:extra [^\n]*\n)?index [^\n]*\n(?:[^\n<]+\n)*\n(?:[^\n]+\n)+\n(?:— [^\n<]+\n?)+")
"""What follows the header of a proof. None of the patterns here may take longer than in proportion to the file."""
_UNPROVEN = re.compile(r"^(?:<pre[^>\n]*>)?unproven ([0-9a-f]{64})", re.MULTILINE)
UNPROVEN = "the copy was saved before this was proven; save it again:"
COMPARE = (
    "证明的是上面 texts（签认的内容）和 content（写下的答复）里的字：请逐字与文件里看到的对照，不一样的以上面的为准。\n"
    "What is proven are the words in `texts` (what was signed) and `content` (what was written) above: compare them "
    "with what the file shows; where they differ, those above hold."
)
NO_KEY = "no key was given: ask for the log's verifier key where you trust it, and give it with --key"


class _Place(msgspec.Struct, frozen=True):
    proof: str | None


class _Receipt(msgspec.Struct, frozen=True):
    """What is needed of a receipt."""

    log: _Place
    sha256: str


class CheckedProof(msgspec.Struct, frozen=True, kw_only=True):
    """A proof: which log it is of, what the leaf says, and the faults.

    `statements`: the digests of the texts that were signed or refused in it, and whether the file has the text.
    `content`: what was written, where the proof has the bytes.
    """

    origin: str = ""
    size: int = 0
    number: int = 0
    kind: str = ""
    at: datetime | None = None
    sha256: str = ""
    statements: dict[str, bool] = {}
    content: Any = None
    faults: list[str] = []


class ProofReport(msgspec.Struct, frozen=True):
    """The proofs in a file, and the faults of all.

    `texts`: by digest, those of the signed texts that are in the file. What is around them in the file is not proven.
    """

    proofs: list[CheckedProof]
    faults: list[str]
    texts: dict[str, Any] = {}


def verify_proofs(raw: bytes, key: str = "", content: bytes | None = None) -> ProofReport:
    """Check every proof in a file. `content`: the bytes that must have been logged. InvalidNote if `key` is none."""
    keys = [parse_verifier_key(key)] if key else []
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n")
    found, expected = _find(text)
    texts = {sha256(one.encode()).hexdigest(): one for one in _texts(text)}
    digests = [one for one in (expected, content is not None and sha256(content).hexdigest()) if one]
    proofs = [_check(one, keys, texts) for one in found]
    faults = [f"leaf {one.number}: {fault}" for one in proofs for fault in one.faults]
    if not proofs:
        faults.append("there is no proof in the file")
    if not keys:
        faults.append(NO_KEY)
    faults += [f"no proof is of {digest}" for digest in digests if digest not in [one.sha256 for one in proofs]]
    faults += [f"{UNPROVEN} {digest}" for digest in _UNPROVEN.findall(text)]
    signed = {digest for one in proofs if not one.faults for digest in one.statements}
    return ProofReport(proofs, faults, {digest: _readable(texts[digest]) for digest in sorted(signed & texts.keys())})


def _texts(text: str) -> Iterator[str]:
    """What the `<pre>` of a page have in them, as a browser shows it."""
    for part in text.split("</pre>")[:-1]:
        escaped = part.partition("<pre")[2].partition(">")[2].removeprefix("\n")
        with suppress(ValueError):  # a reference to a character with thousands of digits
            yield unescape(escaped)


def _readable(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text


def _find(text: str) -> tuple[list[str], str]:
    """The proofs in a text, and for a receipt the digest that it names."""
    with suppress(msgspec.DecodeError, RecursionError):
        receipt = msgspec.json.decode(text, type=_Receipt)
        return [receipt.log.proof or ""], receipt.sha256
    found = (_PROOF.match(part) for part in text.split(PROOF_HEADER)[1:])
    return [PROOF_HEADER + one[0].removesuffix("\n") + "\n" for one in found if one], ""


def _check(text: str, keys: Sequence[VerifierKey], texts: Collection[str]) -> CheckedProof:
    try:
        proof = parse_proof(text)
        opening = read_opening(proof.extra)
        leaf: dict[str, Any] = msgspec.json.decode(opening.leaf)
        return _checked(proof, opening, leaf, keys, texts)
    except InvalidNote as error:
        return CheckedProof(faults=[str(error)])
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, OverflowError, OSError, RecursionError):
        return CheckedProof(faults=["the leaf cannot be read"])


def _checked(
    proof: InclusionProof, opening: Opening, leaf: dict[str, Any], keys: Sequence[VerifierKey], texts: Collection[str]
) -> CheckedProof:
    note = parse_note(proof.note)
    checkpoint = parse_checkpoint(note.text)
    faults: list[str] = []
    if keys and not note.signed_by(keys):
        faults.append("its checkpoint is not signed with this key")
    if keys and checkpoint.origin != keys[0].name:
        faults.append(f"it is of the log {checkpoint.origin}")
    root = inclusion_root(proof.number, checkpoint.size, leaf_hash(opening.leaf.encode()), proof.path)
    if root != checkpoint.root:
        faults.append("the leaf is not in the log that was signed")
    commitment = sha256(bytes.fromhex(opening.salt) + bytes.fromhex(opening.sha256)).hexdigest()
    if leaf["c"] != commitment:
        faults.append("the leaf is not of these bytes")
    body = opening.content
    if body is not None and sha256(body).hexdigest() != opening.sha256:
        faults.append("the bytes were changed")
    content = msgspec.json.decode(body) if body else None
    return CheckedProof(
        origin=checkpoint.origin,
        size=checkpoint.size,
        number=proof.number,
        kind=leaf["t"],
        at=datetime.fromtimestamp(leaf["s"] / 1000, UTC),
        sha256=opening.sha256,
        statements={digest: digest in texts for digest in sorted(_statements(content))},
        content=content,
        faults=faults,
    )


def _statements(content: Any) -> set[str]:
    """The digests of statements in a batch, wherever they stand in it."""
    if isinstance(content, dict):
        named = cast("dict[str, Any]", content)
        own = {value for key, value in named.items() if key == "statement_sha256" and isinstance(value, str)}
        return own.union(*map(_statements, named.values()))
    if isinstance(content, list):
        listed = cast("list[Any]", content)
        return set[str]().union(*map(_statements, listed))
    return set()
