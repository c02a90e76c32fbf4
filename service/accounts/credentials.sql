-- name: person_of_token^
-- The owner of a token, on every request: one lookup in each index.
SELECT p.login, p.name, p.roles, p.areas, t.kind, t.created_at, t.used_at, t.revoked_at, p.left_at,
    d.id, d.public_key, d.revoked_at, t.expires_at
FROM tokens t JOIN people p ON p.login = t.login LEFT JOIN devices d ON d.id = t.device
WHERE t.digest = :digest;

-- name: add_token!
INSERT INTO tokens (digest, login, created_at, kind, device, label, expires_at)
VALUES (:digest, :login, :at, :kind, :device, :label, :expires_at);

-- name: living_tokens
-- The oldest first; some of them may have ended by themselves.
SELECT digest, kind, label, device, created_at, used_at, expires_at FROM tokens
WHERE login = :login AND revoked_at IS NULL ORDER BY created_at, digest;

-- name: end_unlimited_scripts!
-- Of a version in which they had no end.
UPDATE tokens SET expires_at = :at WHERE kind = 'script' AND expires_at IS NULL AND revoked_at IS NULL;

-- name: revoke_labelled!
UPDATE tokens SET revoked_at = :at WHERE login = :login AND label = :label AND revoked_at IS NULL;

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
UPDATE totp_secrets SET secret = :new WHERE login = :key AND secret = :old;

-- name: totp_secret^
SELECT secret, confirmed_at, step FROM totp_secrets WHERE login = :login;

-- name: consume_totp_step!
-- A code is accepted once, and no earlier one after it. A stored step after :latest comes from a clock that was ahead and
-- is ignored.
UPDATE totp_secrets SET step = :step, confirmed_at = COALESCE(confirmed_at, :at)
WHERE login = :login AND secret = :secret AND (step < :step OR step > :latest);

-- name: last_factor_event^
-- The last event that says whether a person may set up an authenticator with their password alone.
SELECT what FROM events
WHERE person = :login AND what IN ('second-factor', 'second-factor-removed', 'passkey-removed', 'invited', 'reset')
ORDER BY at DESC, id DESC LIMIT 1;

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

-- name: set_attempts!
INSERT INTO attempts (key, since, tries) VALUES (:key, :since, :tries)
ON CONFLICT (key) DO UPDATE SET since = excluded.since, tries = excluded.tries;

-- name: refund_attempt!
UPDATE attempts SET tries = tries - 1 WHERE key = :key AND tries > 0;

-- name: reset_attempts!
DELETE FROM attempts WHERE key = :key;

-- name: delete_old_attempts!
DELETE FROM attempts WHERE since < :at OR since > :latest;

-- name: recovery_code^
SELECT hash FROM recovery_codes WHERE login = :login AND number = :number AND used_at IS NULL;

-- name: recovery_codes_left^
SELECT count(*) FROM recovery_codes WHERE login = :login AND used_at IS NULL;

-- name: recovery_code_hashes
SELECT hash FROM recovery_codes WHERE login = :login ORDER BY number;

-- name: add_recovery_code!
INSERT INTO recovery_codes (login, number, hash, created_at) VALUES (:login, :number, :hash, :at);

-- name: use_recovery_code!
UPDATE recovery_codes SET used_at = :at WHERE login = :login AND number = :number AND hash = :hash AND used_at IS NULL;

-- name: delete_recovery_codes!
DELETE FROM recovery_codes WHERE login = :login;

-- name: add_challenge!
INSERT INTO challenges (digest, content, expires_at) VALUES (:digest, :content, :expires_at);

-- name: challenge^
SELECT content FROM challenges WHERE digest = :digest AND expires_at > :at;

-- name: delete_challenge!
DELETE FROM challenges WHERE digest = :digest;

-- name: delete_old_challenges!
DELETE FROM challenges WHERE expires_at <= :at;

-- name: passkeys_of
SELECT id, login, name, public_key, sign_count, created_at, used_at FROM passkeys WHERE login = :login ORDER BY created_at, id;

-- name: passkey^
SELECT id, login, name, public_key, sign_count, created_at, used_at FROM passkeys WHERE id = :id;

-- name: add_passkey!
INSERT INTO passkeys (id, login, name, public_key, sign_count, created_at)
VALUES (:id, :login, :name, :public_key, :sign_count, :created_at) ON CONFLICT DO NOTHING;

-- name: passkey_used!
UPDATE passkeys SET sign_count = :sign_count, used_at = :at WHERE id = :id;

-- name: delete_passkey!
DELETE FROM passkeys WHERE id = :id AND login = :login;

-- name: delete_passkeys!
DELETE FROM passkeys WHERE login = :login;
