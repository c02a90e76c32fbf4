-- With which keys, which are kept elsewhere, the database was written: the id of a sealing key, the public signing key.
CREATE TABLE known_keys (
    purpose TEXT NOT NULL,   -- sealing, log
    id TEXT NOT NULL,
    number BIGINT NOT NULL,  -- of those for a purpose, from 0
    first_used_at BIGINT NOT NULL,
    PRIMARY KEY (purpose, id)
);

-- Tokens: what they are for (of a session: which browser), and the end of those for scripts. Sessions and devices end by
-- themselves, by when they were used last.
ALTER TABLE tokens ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN expires_at BIGINT;

-- Facts about this installation: `demonstration`, if its people are invented.
CREATE TABLE installation (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- Codes that stand in for the second factor, each once: argon2id.
CREATE TABLE recovery_codes (
    login TEXT NOT NULL REFERENCES people (login),
    number BIGINT NOT NULL,
    hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (login, number)
);

-- Passkeys (WebAuthn): the credential's id and public key (COSE). They are no secrets.
CREATE TABLE passkeys (
    id BYTEA NOT NULL PRIMARY KEY,
    login TEXT NOT NULL REFERENCES people (login),
    name TEXT NOT NULL,
    public_key BYTEA NOT NULL,
    sign_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX passkeys_login ON passkeys (login, created_at);

-- What a sign-in in several steps remembers in between; the browser has the value of which this is the digest.
CREATE TABLE challenges (
    digest BYTEA NOT NULL PRIMARY KEY,
    content BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX challenges_expire ON challenges (expires_at);
