-- Sessions, devices, one-time codes. A token, a code or a password is nowhere; only digests and hashes are.

ALTER TABLE tokens ADD COLUMN kind TEXT NOT NULL DEFAULT 'script';    -- script, session, device
ALTER TABLE tokens ADD COLUMN device BYTEA;
ALTER TABLE tokens ADD COLUMN used_at BIGINT;   -- first and last use of a session or device, at most once a minute
CREATE INDEX tokens_device ON tokens (device) WHERE device IS NOT NULL;

CREATE TABLE devices (
    id BYTEA NOT NULL PRIMARY KEY,
    login TEXT NOT NULL REFERENCES people (login),
    name TEXT NOT NULL,
    public_key BYTEA,               -- P-256, SubjectPublicKeyInfo in DER
    created_at BIGINT NOT NULL,
    seen_at BIGINT,
    app TEXT NOT NULL DEFAULT '',   -- the app's version, as it says itself
    revoked_at BIGINT,
    revoked_by TEXT
);
CREATE INDEX devices_login ON devices (login, created_at);

-- One-time codes, each for one person: `enrolment` of a device, `invitation` to set a password.
CREATE TABLE codes (
    digest BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    login TEXT NOT NULL REFERENCES people (login),
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX codes_login ON codes (login, kind);

-- The second factor. `step` is the last time step whose code was taken: none is taken twice.
CREATE TABLE factors (
    login TEXT NOT NULL PRIMARY KEY REFERENCES people (login),
    secret BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    step BIGINT NOT NULL DEFAULT 0
);

-- How often something was tried since when. The key says what, and a digest of by whom.
CREATE TABLE attempts (
    key TEXT NOT NULL PRIMARY KEY,
    since BIGINT NOT NULL,
    tries BIGINT NOT NULL
);
CREATE INDEX attempts_since ON attempts (since);

-- Which device sent a record, its signature over the exact bytes, and who brought it in from a file.
ALTER TABLE batches ADD COLUMN device BYTEA;
ALTER TABLE batches ADD COLUMN signature BYTEA;
ALTER TABLE batches ADD COLUMN signed TEXT NOT NULL DEFAULT 'none';   -- verified, wrong, none
ALTER TABLE batches ADD COLUMN taken_in_by TEXT;
