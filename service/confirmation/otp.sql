-- name: set_link_otp!
INSERT INTO link_otps (link, seat, digest, expires_at, tries) VALUES (:link, :seat, :digest, :expires_at, 0)
ON CONFLICT (link, seat) DO UPDATE SET digest = excluded.digest, expires_at = excluded.expires_at, tries = 0;

-- name: link_otp^
SELECT digest, expires_at, tries, passed_at, passed_from FROM link_otps WHERE link = :link AND seat = :seat;

-- name: count_link_otp!
-- Counts before it is looked at: of many tries at once no more than the limit are looked at.
UPDATE link_otps SET tries = tries + 1
WHERE link = :link AND seat = :seat AND tries < :most AND expires_at > :now AND expires_at <= :latest;

-- name: pass_link_otp!
-- A code is good once: one more than all tries says so.
UPDATE link_otps SET passed_at = :now, passed_from = :address, tries = :most + 1 WHERE link = :link AND seat = :seat;

-- name: sighting^
SELECT at FROM sightings WHERE login = :login AND place = :place;

-- name: record_sighting!
INSERT INTO sightings (login, place, at) VALUES (:login, :place, :at)
ON CONFLICT (login, place) DO UPDATE SET
    at = CASE WHEN sightings.at BETWEEN excluded.at AND :latest THEN sightings.at ELSE excluded.at END;

-- name: delete_old_sightings!
-- Only his own: nobody waits for anybody else.
DELETE FROM sightings WHERE login = :login AND (at < :before OR at > :latest);
