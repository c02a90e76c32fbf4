-- name: sighting^
SELECT at FROM sightings WHERE login = :login AND place = :place;

-- name: add_sighting!
INSERT INTO sightings (login, place, at, id, salt) VALUES (:login, :place, :at, :id, :salt) ON CONFLICT DO NOTHING;

-- name: record_sighting!
-- A clock that is slightly behind does not move it back.
UPDATE sightings SET at = :at WHERE login = :login AND place = :place AND at < :at;

-- name: sighting_of_leaf^
SELECT s.login, s.place, s.at, s.salt, l.at FROM sightings s JOIN log_leaves l ON l.id = s.id WHERE s.id = :id;

-- name: delete_old_sightings!
-- Only those of one person: deleting all would lock rows that other transactions write.
DELETE FROM sightings WHERE login = :login AND (at < :before OR at > :latest);
