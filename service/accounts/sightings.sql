-- name: sighting^
SELECT at FROM sightings WHERE login = :login AND place = :place;

-- name: record_sighting!
INSERT INTO sightings (login, place, at) VALUES (:login, :place, :at)
ON CONFLICT (login, place) DO UPDATE SET
    at = CASE WHEN sightings.at BETWEEN excluded.at AND :latest THEN sightings.at ELSE excluded.at END;

-- name: delete_old_sightings!
-- Only those of one person: deleting all would lock rows that other transactions write.
DELETE FROM sightings WHERE login = :login AND (at < :before OR at > :latest);
