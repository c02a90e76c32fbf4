-- name: person_who_left^
SELECT left_at, photo FROM people WHERE login = :login;

-- name: photo_elsewhere^
SELECT 1 FROM people WHERE photo = :photo AND login <> :login
UNION ALL SELECT 1 FROM file_references WHERE sha256 = :photo LIMIT 1;

-- name: erase_event!
DELETE FROM events WHERE id = :id;

-- name: erase_person!
UPDATE people SET name = :name, badge = '', title = '', photo = NULL, password_hash = NULL WHERE login = :login;

-- name: count_tokens_of^
SELECT count(*) FROM tokens WHERE login = :login;

-- name: erase_tokens_of!
DELETE FROM tokens WHERE login = :login;

-- name: count_totp_secrets_of^
SELECT count(*) FROM totp_secrets WHERE login = :login;

-- name: erase_totp_secrets_of!
DELETE FROM totp_secrets WHERE login = :login;

-- name: count_calendars_of^
SELECT count(*) FROM calendars WHERE login = :login;

-- name: erase_calendars_of!
DELETE FROM calendars WHERE login = :login;

-- name: count_sightings_of^
SELECT count(*) FROM sightings WHERE login = :login;

-- name: erase_sightings_of!
DELETE FROM sightings WHERE login = :login;

-- name: count_one_time_codes_of^
SELECT count(*) FROM one_time_codes WHERE login = :login;

-- name: erase_one_time_codes_of!
DELETE FROM one_time_codes WHERE login = :login;

-- name: count_devices_of^
SELECT count(*) FROM devices WHERE login = :login;

-- name: erase_devices_of!
UPDATE devices SET name = '', app = '' WHERE login = :login;

-- name: count_erased_feed_of^
SELECT count(*) FROM erased_feed WHERE login = :login;

-- name: erase_erased_feed_of!
DELETE FROM erased_feed WHERE login = :login;
