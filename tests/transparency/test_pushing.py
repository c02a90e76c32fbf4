"""Checkpoints leave the machine: by mail once a day, into a locked bucket, to a witness that signs them.

A target that fails blocks nothing, is tried again, and is visible.
"""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service.audit_log import checkpoint_file, checkpoints, proofs
from service.audit_log.notes import COSIGNATURE, Checkpoint, VerifierKey, parse_checkpoint, parse_note
from service.config.errors import SettingsError
from service.config.loading import load_settings
from service.keys import new_log_key
from service.lifecycle import build_context
from service.transparency import bucket as locked_bucket
from service.transparency import pushing
from service.transparency.pushing import DAY_MS
from service.transparency.targets import BucketTarget
from tests.support.api_client import World
from tests.support.bucket import Bucket
from tests.support.fake_gateway import Post, set_up
from tests.support.log_growth import grow
from tests.support.serving import serve
from tests.support.tampering import tampered

MAIL = "mailto:audit@example.org"


class Witness:
    """A witness, as C2SP `tlog-witness` wants it. `trouble` is a status with which it answers instead; `slow`: it
    answers byte by byte, and never ends."""

    def __init__(self, log_key: VerifierKey) -> None:
        self.log_key, self.seen, self.trouble, self.requests = log_key, Checkpoint("", 0, b""), 0, 0
        self.slow = False
        self._key = Ed25519PrivateKey.generate()
        self.key = VerifierKey("witness.example/w1", COSIGNATURE, self._key.public_key().public_bytes_raw())

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        self.requests += 1
        status, answer = self.answer(body) if scope["path"] == "/at/add-checkpoint" else (404, b"")
        await send({"type": "http.response.start", "status": status, "headers": []})
        gone = asyncio.create_task(receive())
        while self.slow and not gone.done():
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            await asyncio.sleep(0.05)
        gone.cancel()
        await send({"type": "http.response.body", "body": answer})

    def answer(self, body: bytes) -> tuple[int, bytes]:
        if self.trouble:
            return self.trouble, b"x"
        head, _, raw = body.partition(b"\n\n")
        first, *lines = head.decode().split("\n")
        note = parse_note(raw)
        new = parse_checkpoint(note.text)
        assert note.signed_by([self.log_key])
        old = int(first.removeprefix("old "))
        if old != self.seen.size:
            return 409, b"%d\n" % self.seen.size
        path = [b64decode(line) for line in lines]
        if not proofs.is_consistent(old, new.size, self.seen.root, new.root, path):
            return 422, b""
        self.seen = new
        signature = self._key.sign(b"cosignature/v1\ntime 1772424000\n" + note.text)
        content = self.key.id + (1_772_424_000).to_bytes(8, "big") + signature
        strange = b"\xe2\x80\x94 other.example AAAAAAAAAAAA\n"
        return 200, strange + f"— {self.key.name} {b64encode(content).decode()}\n".encode()


@pytest.fixture
async def witness(world: World) -> AsyncIterator[tuple[Witness, str]]:
    await checkpoints.settle(world.ctx)
    found = Witness(checkpoints.parse_verifier_key(checkpoints.verifier_key(world.ctx)))
    async with serve(found) as port:
        yield found, f"http://127.0.0.1:{port}/at#{found.key}"


async def shown(world: World) -> bytes:
    return (await world.ask(None, "GET", "/log/checkpoint")).content


async def test_a_witness_signs_each_checkpoint_and_its_signature_is_shown(
    world: World, witness: tuple[Witness, str]
) -> None:
    signer, address = witness
    world.ctx.checkpoint_targets = (address,)
    for count in (0, 1, 5, 300):
        await grow(world.ctx, count)
        await asyncio.gather(*(pushing.push_due(world.ctx) for _ in range(3)))  # several servers
        note = parse_note(await shown(world))
        assert signer.seen == parse_checkpoint(note.text)
        assert note.signed_by([signer.key]) == [signer.key]
        assert len(note.signatures) == 2  # what others signed is left out
    requests = signer.requests
    await pushing.push_due(world.ctx)  # nothing new
    assert (signer.requests, requests) == (4, 4)
    (state,) = await pushing.push_states(world.ctx)
    assert (state.target, state.behind, state.waiting, state.error) == ("witness.example/w1", 0, 0.0, "")


async def test_what_another_process_has_just_pushed_is_not_pushed_again(
    world: World, witness: tuple[Witness, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    signer, address = witness
    world.ctx.checkpoint_targets = (address,)
    await pushing.push_due(world.ctx)
    await grow(world.ctx, 1)
    seen_before = await world.ctx.db.read(lambda tx: pushing._due(world.ctx, tx, address))
    await pushing.push_due(world.ctx)
    requests = signer.requests

    async def stale(*_: Any) -> Any:
        return seen_before

    monkeypatch.setattr(pushing, "_due", stale)
    await pushing.push_due(world.ctx)  # in the same millisecond, by the clock of tests
    assert signer.requests == requests


async def test_a_witness_that_knows_better_is_believed_unless_the_log_was_rolled_back(
    world: World, witness: tuple[Witness, str]
) -> None:
    signer, address = witness
    await grow(world.ctx, 3)
    signer.seen = parse_checkpoint(parse_note(await shown(world)).text)  # a push whose end was not recorded
    await grow(world.ctx, 4)
    world.ctx.checkpoint_targets = (address,)
    await pushing.push_due(world.ctx)
    assert signer.seen.size == 9
    signer.seen = Checkpoint(signer.seen.origin, 99, bytes(32))
    await grow(world.ctx, 1)
    await pushing.push_due(world.ctx)
    (state,) = await pushing.push_states(world.ctx)
    assert "was it rolled back?" in state.error
    assert state.behind == 1


async def test_what_fails_is_tried_again_and_visible(world: World, witness: tuple[Witness, str]) -> None:
    signer, address = witness
    world.ctx.checkpoint_targets = (address,)
    start = world.ctx.clock()
    for tries, trouble in enumerate((500, 200, 409), 1):
        signer.trouble = trouble
        world.ctx.clock = lambda tries=tries: start + tries * 3_600_000
        await pushing.push_due(world.ctx)
        await pushing.push_due(world.ctx)  # not yet
        row = await world.ctx.db.read(lambda tx: tx.fetch_one("push", target=address))
        assert row
        assert (row[1], row[2], row[4]) == (0, None, tries)
        (state,) = await pushing.push_states(world.ctx)
        assert state.error
        assert state.waiting == tries * 3600
        assert state.behind > 0
    signer.trouble = 0
    world.ctx.clock = lambda: start + 9 * 3_600_000
    await grow(world.ctx, 1)  # signing goes on meanwhile
    await pushing.push_due(world.ctx)
    (state,) = await pushing.push_states(world.ctx)
    assert (state.error, state.behind, state.waiting) == ("", 0, 0)


async def test_a_target_that_never_ends_its_answer_holds_up_nothing(
    world: World, witness: tuple[Witness, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    signer, address = witness
    signer.slow = True
    monkeypatch.setattr(pushing, "SEND_SECONDS", 0.3)
    world.ctx.checkpoint_targets = (address,)
    await asyncio.wait_for(pushing.push_due(world.ctx), 10)
    (state,) = await pushing.push_states(world.ctx)
    assert (state.behind > 0, state.error) == (True, "TimeoutError")


async def test_a_witness_whose_answer_is_too_large_is_a_target_that_fails(
    world: World, witness: tuple[Witness, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    signer, address = witness
    monkeypatch.setattr(signer, "answer", lambda _: (200, b"x" * 2_000_000))
    world.ctx.checkpoint_targets = (address,)
    await pushing.push_due(world.ctx)
    (state,) = await pushing.push_states(world.ctx)
    assert state.error == "the answer has more than 65536 bytes"


async def test_a_log_that_is_damaged_is_visible_as_a_failure(
    world: World, witness: tuple[Witness, str], address: str
) -> None:
    _, target = witness
    world.ctx.checkpoint_targets = (target,)
    await pushing.push_due(world.ctx)
    await grow(world.ctx, 5)
    await tampered(address, "DELETE FROM log_tiles WHERE level = 0")
    await pushing.push_due(world.ctx)
    (state,) = await pushing.push_states(world.ctx)
    assert "tile 0/0" in state.error


async def test_a_mail_goes_out_once_a_day_and_contains_the_note(world: World) -> None:
    post: Post = set_up(world.ctx, "08:00")
    world.ctx.checkpoint_targets = (MAIL,)
    start = world.ctx.clock()
    for hours in (0, 1, 23, 24, 25, 49):
        world.ctx.clock = lambda hours=hours: start + hours * DAY_MS // 24
        await grow(world.ctx, 1)
        await pushing.push_due(world.ctx)
    assert len(post.letters) == 3
    assert checkpoint_file.find_notes(post.letters[-1].text.encode()) == [await shown(world)]
    assert checkpoints.verifier_key(world.ctx) in post.letters[-1].text
    assert post.letters[0].to == "audit@example.org"
    post.trouble = OSError()
    world.ctx.clock = lambda: start + 3 * DAY_MS + DAY_MS // 2
    await grow(world.ctx, 1)
    await pushing.push_due(world.ctx)
    (state,) = await pushing.push_states(world.ctx)
    assert (state.target, state.error, state.behind) == ("mail", "OSError", 1)


def place_in(note: bytes) -> str:
    """Where a bucket has a checkpoint."""
    parsed = parse_note(note)
    return f"log/{parsed.signatures[0].key_id.hex()}/{parse_checkpoint(parsed.text).size:020d}.checkpoint"


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_checkpoints_of_a_log_that_went_on_under_another_name_are_stored_too(
    world: World, bucket: Bucket, address: str
) -> None:
    store = boto3.client("s3", endpoint_url=bucket.endpoint, region_name="us-east-1")
    store.create_bucket(Bucket="evidence", ObjectLockEnabledForBucket=True)
    world.ctx.checkpoint_targets = (f"s3://evidence/log?endpoint={bucket.endpoint}&region=us-east-1",)
    await grow(world.ctx, 5)
    await pushing.push_due(world.ctx)
    former = await shown(world)
    await tampered(address, "DELETE FROM log_checkpoints", "UPDATE log_pushes SET size = 0")  # restored from before it
    checkpoints.file_of(world.ctx).unlink()
    world.ctx.keys._log = new_log_key("doorstep.example/again")
    await checkpoints.settle(world.ctx)
    await pushing.push_due(world.ctx)
    again = await shown(world)
    assert parse_checkpoint(parse_note(again).text).size == parse_checkpoint(parse_note(former).text).size
    for note in (former, again):
        assert store.get_object(Bucket="evidence", Key=place_in(note))["Body"].read() == note


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_what_the_bucket_has_already_is_compared_and_a_difference_is_a_failure(
    world: World, bucket: Bucket, witness: tuple[Witness, str], address: str
) -> None:
    store = boto3.client("s3", endpoint_url=bucket.endpoint, region_name="us-east-1")
    store.create_bucket(Bucket="evidence", ObjectLockEnabledForBucket=True)
    target = f"s3://evidence/log?endpoint={bucket.endpoint}&region=us-east-1"
    world.ctx.checkpoint_targets = (target,)

    async def push(*targets: str) -> str:
        world.ctx.checkpoint_targets = targets
        await pushing.push_due(world.ctx)
        return (await pushing.push_states(world.ctx))[0].error

    await grow(world.ctx, 5)
    assert await push(target) == ""
    assert await push(witness[1]) == ""  # its signature comes after the object
    await tampered(address, "UPDATE log_pushes SET size = 0")  # as after a crash
    assert await push(target) == ""
    assert (await pushing.push_states(world.ctx))[0].behind == 0
    for count, body in ((1, b"not a note"), (2, None), (3, b"x" * 100_000)):
        former = await shown(world)
        await grow(world.ctx, count)
        place = place_in(await shown(world))
        store.put_object(Bucket="evidence", Key=place, Body=former if body is None else body)
        await tampered(address, "UPDATE log_pushes SET next_at = 0")
        error = await push(target)
        assert error == (
            "the answer has more than 65536 bytes"
            if count == 3
            else f"the bucket has another object as {place.removeprefix('log/')}"
        )
        assert (await pushing.push_states(world.ctx))[0].behind > 0


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_objects_in_a_bucket_are_locked(world: World, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    store = boto3.client("s3", endpoint_url=bucket.endpoint, region_name="us-east-1")
    store.create_bucket(Bucket="evidence", ObjectLockEnabledForBucket=True)
    world.ctx.checkpoint_targets = (f"s3://evidence/log?endpoint={bucket.endpoint}&region=us-east-1&days=400",)
    await grow(world.ctx, 41)
    await pushing.push_due(world.ctx)
    key = place_in(await shown(world))
    there = store.get_object(Bucket="evidence", Key=key)
    assert there["Body"].read() == await shown(world)
    assert there["ObjectLockMode"] == "COMPLIANCE"
    assert there["ObjectLockRetainUntilDate"] - world.ctx.now() == timedelta(days=400)
    with pytest.raises(ClientError, match="AccessDenied"):
        store.delete_object(Bucket="evidence", Key=key, VersionId=there["VersionId"])
    assert [one.error for one in await pushing.push_states(world.ctx)] == [""]
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    await grow(world.ctx, 1)
    await pushing.push_due(world.ctx)
    assert "AWS_SECRET_ACCESS_KEY" in (await pushing.push_states(world.ctx))[0].error


@pytest.mark.parametrize(("method", "body"), [("PUT", b"body"), ("GET", b"")])
def test_a_request_is_signed_as_another_library_signs_it(
    method: str, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    target = BucketTarget("evidence", "log", "https://s3.example", "cn-north-1", 9)
    headers = {"content-type": "text/plain", "x-amz-object-lock-mode": "COMPLIANCE"}
    now = datetime(2026, 3, 2, 4, 5, 6, tzinfo=UTC)
    ours = locked_bucket._signed(target, method, "/evidence/log/1", headers, body, now)
    request = AWSRequest(method, "https://s3.example/evidence/log/1", data=body, headers=dict(headers))
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: now)
    credentials = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    botocore.auth.S3SigV4Auth(credentials, "s3", "cn-north-1").add_auth(request)
    assert request.headers["X-Amz-Date"] == ours["x-amz-date"]
    assert request.headers["Authorization"] == ours["authorization"]


BAD = [
    "ftp://x",
    "mailto:",
    "mailto:a b@c",
    "s3://",
    "s3://b/p?key=x",
    "s3://b/p?days=0",
    "s3://b/p?endpoint=ftp://x",
    "https://witness.example",
    "https://witness.example#w+00000000+AAAA",
    "https://witness.example#example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
]


@pytest.mark.parametrize("target", [*BAD, MAIL])  # without a server of mail it would stay on this machine
def test_a_target_that_cannot_be_used_stops_the_start(target: str, tmp_path: Any) -> None:
    given = {"DOORSTEP_DATA": str(tmp_path), "DOORSTEP_CHECKPOINTS": target}
    with pytest.raises(SettingsError, match="DOORSTEP_CHECKPOINTS"):
        build_context(load_settings(given))


def test_a_mail_needs_a_server_of_mail(tmp_path: Any) -> None:
    given = {"CHECKPOINTS": MAIL, "SMTP": "smtps://mail.example", "SMTP_FROM": "a@example.org", "DATA": str(tmp_path)}
    ctx = build_context(load_settings({f"DOORSTEP_{name}": value for name, value in given.items()}))
    assert ctx.checkpoint_targets == (MAIL,)
