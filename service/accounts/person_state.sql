-- name: next_event_number^
UPDATE people SET event_number = event_number + 1 WHERE login = :login RETURNING event_number;

-- name: event_number^
SELECT event_number FROM people WHERE login = :login;

-- name: state_person
SELECT name, roles, areas, badge, title, photo, created_at, left_at, password_hash FROM people WHERE login = :login;

-- name: state_tokens
SELECT digest, kind, device, created_at, label, expires_at FROM tokens
WHERE login = :login AND revoked_at IS NULL AND (kind <> 'session' OR created_at > :since) ORDER BY digest;

-- name: state_totp
SELECT secret, created_at, confirmed_at FROM totp_secrets WHERE login = :login;

-- name: state_passkeys
SELECT id, name, public_key, created_at FROM passkeys WHERE login = :login ORDER BY id;

-- name: state_recovery_codes
SELECT number, hash, created_at, used_at FROM recovery_codes WHERE login = :login ORDER BY number;

-- name: state_devices
SELECT id, name, public_key, created_at, revoked_at, revoked_by FROM devices
WHERE login = :login ORDER BY id;

-- name: state_codes
SELECT digest, kind, created_at, created_by, expires_at, used_at, device FROM one_time_codes
WHERE login = :login ORDER BY digest;

-- name: state_calendar
SELECT digest, created_at FROM calendars WHERE login = :login;
