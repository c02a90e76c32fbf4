-- name: person_who_left^
SELECT left_at, photo FROM people WHERE login = :login;

-- name: photo_elsewhere^
SELECT 1 FROM people WHERE photo = :photo AND login <> :login
UNION ALL SELECT 1 FROM file_references WHERE sha256 = :photo LIMIT 1;

-- name: sightings_of
-- Those that have a leaf.
SELECT id FROM sightings WHERE login = :login AND id IS NOT NULL;

-- name: erase_event!
DELETE FROM events WHERE id = :id;

-- name: erase_person!
UPDATE people SET name = :name, badge = '', title = '', photo = NULL, password_hash = NULL WHERE login = :login;

-- name: counts_of_person
-- How many rows of a person there are, by table.
SELECT 'tokens' AS place, count(*) FROM tokens WHERE login = :login
UNION ALL SELECT 'totp_secrets', count(*) FROM totp_secrets WHERE login = :login
UNION ALL SELECT 'passkeys', count(*) FROM passkeys WHERE login = :login
UNION ALL SELECT 'recovery_codes', count(*) FROM recovery_codes WHERE login = :login
UNION ALL SELECT 'calendars', count(*) FROM calendars WHERE login = :login
UNION ALL SELECT 'sightings', count(*) FROM sightings WHERE login = :login
UNION ALL SELECT 'one_time_codes', count(*) FROM one_time_codes WHERE login = :login
UNION ALL SELECT 'devices', count(*) FROM devices WHERE login = :login
UNION ALL SELECT 'erased_feed', count(*) FROM erased_feed WHERE login = :login;

-- name: erase_tokens_of!
DELETE FROM tokens WHERE login = :login;

-- name: erase_totp_of!
DELETE FROM totp_secrets WHERE login = :login;

-- name: erase_passkeys_of!
DELETE FROM passkeys WHERE login = :login;

-- name: erase_recovery_codes_of!
DELETE FROM recovery_codes WHERE login = :login;

-- name: erase_calendar_of!
DELETE FROM calendars WHERE login = :login;

-- name: erase_sightings_of!
DELETE FROM sightings WHERE login = :login;

-- name: erase_codes_of!
DELETE FROM one_time_codes WHERE login = :login;

-- name: erase_devices_of!
UPDATE devices SET name = '', app = '' WHERE login = :login;

-- name: erase_feed_of!
DELETE FROM erased_feed WHERE login = :login;
