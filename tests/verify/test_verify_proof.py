"""An outsider who has only a receipt or a customer's copy checks it, and finds out when it was altered."""

import json
import re
import time
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from service.audit_log import checkpoints, notes
from service.cli.main import main
from service.keys import log_key_public, new_log_key
from service.verify import log
from service.verify.proof import COMPARE, NO_KEY, UNPROVEN, verify_proofs
from tests.support.api_client import RECORD, World, record
from tests.support.customer import example_customer
from tests.support.customer_browser import Visitor
from tests.support.factories import encode


async def receipt(world: World) -> dict[str, Any]:
    return (await world.ask("li", "GET", f"/v1/records/{RECORD}")).json()


async def test_a_receipt_has_leaf_and_salt_at_once_and_a_proof_when_it_is_signed(world: World) -> None:
    await world.plan()
    raw = encode(record())
    first = (await world.submit(raw)).json()
    entry = first["log"]
    assert (entry["number"], entry["proof"]) == (None, None)
    assert sha256(b"\0" + entry["leaf"].encode()).hexdigest() == entry["leaf_hash"]
    commitment = sha256(bytes.fromhex(entry["salt"]) + sha256(raw).digest()).hexdigest()
    assert json.loads(entry["leaf"])["c"] == commitment
    await checkpoints.settle(world.ctx)
    later = await receipt(world)
    assert {**entry, "number": later["log"]["number"], "proof": later["log"]["proof"]} == later["log"]
    again = (await world.submit(raw)).json()
    assert again["replayed"]
    assert again["log"] == later["log"]
    note = later["log"]["proof"].partition("\n\n")[2]
    assert note.encode() == (await world.ask(None, "GET", "/log/checkpoint")).content
    report = verify_proofs(encode(later), checkpoints.verifier_key(world.ctx), raw)
    assert report.faults == []
    assert report.proofs[0].sha256 == first["sha256"]
    assert report.proofs[0].kind == "visit.submitted"


async def test_no_altered_receipt_passes(world: World) -> None:
    await world.plan()
    raw = encode(record())
    await world.submit(raw)
    await checkpoints.settle(world.ctx)
    key, good = checkpoints.verifier_key(world.ctx), await receipt(world)
    proof = notes.parse_proof(good["log"]["proof"])
    extra = json.loads(proof.extra)
    amended = extra["leaf"].replace("submitted", "amended")
    bits = b"\1" + bytes(31)
    bad: list[tuple[str, notes.InclusionProof]] = [
        ("not in the log", replace(proof, number=proof.number ^ 1)),
        ("not in the log", replace(proof, path=(bits, *proof.path[1:]))),
        ("not in the log", replace(proof, path=proof.path[1:])),
        ("is wrong", replace(proof, note=proof.note.replace(b"\n", b"\n1", 1))),
        ("not in the log", replace(proof, extra=encode({**extra, "leaf": amended}))),
        ("not of these bytes", replace(proof, extra=encode({**extra, "salt": "00" * 32}))),
        ("not of these bytes", replace(proof, extra=encode({**extra, "sha256": "00" * 32}))),
        ("the bytes were changed", replace(proof, extra=encode({**extra, "body": b64encode(b"{}").decode()}))),
        ("does not say", replace(proof, extra=b"{}")),
        ("does not say", replace(proof, extra=encode({**extra, "salt": "x"}))),
    ]
    assert verify_proofs(str(proof).encode(), key, raw).faults == []  # the control
    for why, one in bad:
        faults = verify_proofs(str(one).encode(), key).faults
        assert any(why in fault for fault in faults), (why, faults)
    assert verify_proofs(str(proof).encode()).faults == [NO_KEY]
    other = log_key_public(new_log_key(key.partition("+")[0]))
    assert "leaf 1: its checkpoint is not signed with this key" in verify_proofs(str(proof).encode(), other).faults
    assert any("no proof is of" in fault for fault in verify_proofs(str(proof).encode(), key, raw + b" ").faults)
    assert verify_proofs(b"{}", key).faults == ["there is no proof in the file"]
    assert any("no proof is of" in one for one in verify_proofs(encode({**good, "sha256": "00" * 32}), key).faults)


HEADER = f"{notes.PROOF_HEADER}\nindex 1\n"
HOSTILE = {
    "nested too deep": "[" * 100_000,
    "a receipt nested too deep": '{"log":{"proof":null},"sha256":' + "[" * 100_000,
    "a number for a proof": '{"log":{"proof":5},"sha256":""}',
    "a list for a proof": '{"log":{"proof":["a"]},"sha256":""}',
    "an index of 5,000 digits": f"{HEADER.replace('1', '9' * 5000)}\na\n1\nb\n\n— a b\n",
    "a character of 5,000 digits": f"<pre>&#{'9' * 5000};</pre>",
    "texts that do not end": "<pre>" * 50_000,
    "proofs that do not end": HEADER * 50_000,
    "nothing proven": "<pre>unproven " * 50_000,
    "tags that do not end": "<pre\n" * 50_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_hostile_file_is_an_error_or_holds_anybody_up(text: str) -> None:
    begun = time.process_time()
    assert verify_proofs(text.encode()).faults
    assert time.process_time() - begun < 1


async def test_a_checkpoint_of_a_size_with_thousands_of_digits_is_a_fault(world: World, tmp_path: Path) -> None:
    await world.plan()
    await checkpoints.settle(world.ctx)
    note = checkpoints.file_of(world.ctx).read_text()
    origin, _, rest = note.split("\n", 2)
    (file := tmp_path / "kept").write_text(f"{origin}\n{'9' * 5000}\n{rest}")
    assert any("size" in fault for fault in (await log.verify(world.ctx, [file])).faults)
    await world.submit(encode(record()))
    await checkpoints.settle(world.ctx)
    proof = (await receipt(world))["log"]["proof"]
    head, _, signed = proof.partition("\n\n")
    huge = f"{head}\n\n{signed.replace(signed.split(chr(10))[1], '9' * 5000, 1)}"
    (one,) = verify_proofs(huge.encode(), checkpoints.verifier_key(world.ctx)).proofs
    assert one.faults == ["a checkpoint has three lines: origin, size and root"]
    content = b64encode(encode({"leaf": "{}", "salt": "", "sha256": "", "body": b64encode(b"[" * 10**5).decode()}))
    deep = f"{head.replace(head.split(chr(10))[1], f'extra {content.decode()}')}\n\n{signed}"
    assert verify_proofs(deep.encode()).proofs[0].faults == ["the leaf cannot be read"]


def replace(proof: notes.InclusionProof, **changes: Any) -> notes.InclusionProof:
    return notes.InclusionProof(
        **{name: changes.get(name, getattr(proof, name)) for name in ("number", "path", "note", "extra")}
    )


async def signed_copy(world: World) -> tuple[Visitor, str]:
    """A customer who signed, and the path of the link."""
    visitor = Visitor(await example_customer(world, "S04", drop=("meter_order_signed",)))
    await visitor.enters()
    await visitor.done("signature", {"signer": "陶先生", "relation": "adult_household_member"})
    return visitor, visitor.path


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_the_customers_copy_needs_nobody(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    visitor, path = await signed_copy(world)
    key, file = checkpoints.verifier_key(world.ctx), checkpoints.file_of(world.ctx)
    assert not file.exists()
    file.mkdir()  # no checkpoint can be published
    for name in ("copy", "copy.pdf"):
        early = (await visitor.tao.client.get(f"{path}/{name}")).content
        assert any(UNPROVEN in fault for fault in verify_proofs(early, key).faults), name
    assert "两分钟后再存一次留底" in (await visitor.tao.client.get(f"{path}/copy")).text
    file.rmdir()  # from now on the copy has a checkpoint made for it
    copy = (await visitor.tao.client.get(f"{path}/copy")).content
    pdf = (await visitor.tao.client.get(f"{path}/copy.pdf")).content
    report = verify_proofs(copy, key)
    assert report.faults == []
    kinds = [one.kind for one in report.proofs]
    assert "visit.submitted" in kinds
    (own,) = [one for one in report.proofs if one.statements]
    assert list(own.statements.values()) == [True]  # its text is in the copy, and hashes to what was signed
    # what was signed and written is printed, also where what the file shows was changed around it
    shown = verify_proofs(copy.decode().replace("<dd>", "<dd>0").replace("陶先生（", "王先生（").encode(), key)
    assert shown.texts[next(iter(own.statements))]["form"] == "doorstep-statement/1"
    assert "陶先生" in json.dumps(own.content, ensure_ascii=False)
    assert (shown.texts, shown.proofs) == (report.texts, report.proofs)
    in_pdf = verify_proofs(pdf, key)
    assert in_pdf.faults == []
    assert [one.sha256 for one in in_pdf.proofs] == [one.sha256 for one in report.proofs]
    assert b"/EmbeddedFiles" in pdf
    # another text beside the signature is found out, and so is another signature
    changed = copy.decode().replace("<pre>{", "<pre>{ ")
    (other,) = [one for one in verify_proofs(changed.encode(), key).proofs if one.statements]
    assert list(other.statements.values()) == [False]
    proof = next(one for one in re.findall(r"extra (\S+)", copy.decode()) if '"body"' in b64decode(one).decode())
    extra = json.loads(b64decode(proof))
    extra["body"] = b64encode(b64decode(extra["body"]).replace("陶先生".encode(), "王先生".encode())).decode()
    forged = copy.decode().replace(proof, b64encode(encode(extra)).decode())
    assert any("the bytes were changed" in fault for fault in verify_proofs(forged.encode(), key).faults)
    # and on the command line
    (tmp_path / "copy.html").write_bytes(copy)
    assert main(["verify-proof", str(tmp_path / "copy.html"), "--key", key]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["faults"] == []
    assert COMPARE in printed.err
    (tmp_path / "copy.html").write_text(forged)
    assert main(["verify-proof", str(tmp_path / "copy.html"), "--key", key]) == 1
    assert main(["verify-proof", str(tmp_path / "copy.html"), "--key", "x"]) == 1
    capsys.readouterr()
