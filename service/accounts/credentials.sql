-- name: person_of_token^
-- The owner of a token, on every request: one lookup in each index.
SELECT p.login, p.name, p.roles, p.areas, t.kind, t.created_at, t.used_at, t.revoked_at, p.left_at,
    d.id, d.public_key, d.revoked_at
FROM tokens t JOIN people p ON p.login = t.login LEFT JOIN devices d ON d.id = t.device
WHERE t.digest = :digest;

-- name: add_token!
INSERT INTO tokens (digest, login, created_at, kind, device) VALUES (:digest, :login, :at, :kind, :device);

-- name: revoke_token!
UPDATE tokens SET revoked_at = :at WHERE digest = :digest AND revoked_at IS NULL;

-- name: revoke_tokens!
-- :kind '' means every kind.
UPDATE tokens SET revoked_at = :at WHERE login = :login AND (:kind = '' OR kind = :kind) AND revoked_at IS NULL;

-- name: revoke_tokens_of_device!
UPDATE tokens SET revoked_at = :at WHERE device = :device AND digest <> :but AND revoked_at IS NULL;

-- name: token_used!
UPDATE tokens SET used_at = :at WHERE digest = :digest AND revoked_at IS NULL;

-- name: add_code!
INSERT INTO one_time_codes (digest, kind, login, created_at, created_by, expires_at)
VALUES (:digest, :kind, :login, :at, :by, :expires_at);

-- name: consume_code!
-- A code made after :latest comes from a clock that was ahead, and would be valid for too long.
UPDATE one_time_codes SET used_at = :at, device = :device
WHERE digest = :digest AND kind = :kind AND used_at IS NULL AND expires_at > :at AND created_at <= :latest;

-- name: enrolled_by_code^
SELECT p.login, p.name, p.roles, p.areas, c.device
FROM one_time_codes c JOIN people p ON p.login = c.login
WHERE c.digest = :digest AND c.device IS NOT NULL AND c.expires_at > :at AND c.created_at <= :latest
    AND p.left_at IS NULL;

-- name: maker_of_code^
SELECT created_by FROM one_time_codes WHERE digest = :digest;

-- name: expire_codes!
-- :kind '' means every kind.
UPDATE one_time_codes SET used_at = :at WHERE login = :login AND (:kind = '' OR kind = :kind) AND used_at IS NULL;

-- name: expire_oldest_codes!
-- All but the newest :keep; used ones do not count.
UPDATE one_time_codes SET used_at = :at
WHERE login = :login AND kind = :kind AND used_at IS NULL AND digest NOT IN (
    SELECT digest FROM one_time_codes WHERE login = :login AND kind = :kind AND used_at IS NULL
    ORDER BY created_at DESC, digest LIMIT :keep
);

-- name: person_of_code^
SELECT p.login, p.name, p.roles, p.areas
FROM one_time_codes c JOIN people p ON p.login = c.login
WHERE c.digest = :digest AND c.kind = :kind AND p.left_at IS NULL;

-- name: set_totp_secret!
INSERT INTO totp_secrets (login, secret, created_at) VALUES (:login, :secret, :at)
ON CONFLICT (login) DO UPDATE SET secret = :secret, created_at = :at, step = 0 WHERE totp_secrets.confirmed_at IS NULL;

-- name: totp_secrets
SELECT login, secret FROM totp_secrets;

-- name: replace_totp_secret!
UPDATE totp_secrets SET secret = :value WHERE login = :key;

-- name: totp_secret^
SELECT secret, confirmed_at, step FROM totp_secrets WHERE login = :login;

-- name: consume_totp_step!
-- A code is accepted once, and no earlier one after it. A stored step after :latest comes from a clock that was ahead and
-- is ignored.
UPDATE totp_secrets SET step = :step, confirmed_at = COALESCE(confirmed_at, :at)
WHERE login = :login AND secret = :secret AND (step < :step OR step > :latest);

-- name: delete_totp_secret!
DELETE FROM totp_secrets WHERE login = :login;

-- name: increment_attempts!
-- A count that began after :latest comes from a clock that was ahead, and is dropped. One that began after :now comes from
-- another server and counts: otherwise a client that alternates between two servers had twice as many attempts.
INSERT INTO attempts (key, since, tries) VALUES (:key, CAST(:now AS BIGINT), 1)
ON CONFLICT (key) DO UPDATE SET
    tries = CASE WHEN attempts.since <= CAST(:gone AS BIGINT) OR attempts.since > CAST(:latest AS BIGINT) THEN 1
        ELSE attempts.tries + 1 END,
    since = CASE WHEN attempts.since <= CAST(:gone AS BIGINT) OR attempts.since > CAST(:now AS BIGINT)
        THEN CAST(:now AS BIGINT) ELSE attempts.since END;

-- name: attempts^
SELECT since, tries FROM attempts WHERE key = :key;

-- name: refund_attempt!
UPDATE attempts SET tries = tries - 1 WHERE key = :key AND tries > 0;

-- name: reset_attempts!
DELETE FROM attempts WHERE key = :key;

-- name: delete_old_attempts!
DELETE FROM attempts WHERE since < :at OR since > :latest;
