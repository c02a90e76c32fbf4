-- name: add_link!
INSERT INTO links (id, visit, digest, created_at, created_by, expires_at, purpose, salt)
VALUES (:id, :visit, :digest, :created_at, :created_by, :expires_at, :purpose, :salt)
ON CONFLICT DO NOTHING;

-- name: end_links_before!
-- Those that were handed out for the same purpose; links on their way to the customer stay. One on which the customer
-- is entering a code, or did since `since`, ends later.
UPDATE links SET ended_at = CASE
    WHEN EXISTS (
        SELECT 1 FROM link_otps
        WHERE link_otps.link = links.id AND (link_otps.expires_at > :at OR link_otps.passed_at > :since)
    ) THEN :later
    ELSE :at
END
WHERE visit = :visit AND purpose = :purpose AND id <> :id AND ended_at IS NULL AND handed_out_at IS NOT NULL;

-- name: end_link!
UPDATE links SET ended_at = :at WHERE id = :id AND (ended_at IS NULL OR ended_at > :at);

-- name: hand_out_link!
UPDATE links SET handed_out_at = :at WHERE id = :id AND handed_out_at IS NULL AND ended_at IS NULL;

-- name: link_of_leaf^
SELECT visit, digest, created_at, created_by, purpose, salt FROM links WHERE id = :id;

-- name: link^
SELECT id, visit, expires_at, ended_at FROM links WHERE digest = :digest;

-- name: link_expires^
SELECT expires_at FROM links WHERE id = :id;

-- name: living_link^
SELECT id FROM links
WHERE visit = :visit AND ended_at IS NULL AND handed_out_at IS NOT NULL AND purpose = 'page' AND expires_at >= :now;

-- name: extend_links!
UPDATE links SET expires_at = :until WHERE visit = :visit AND ended_at IS NULL AND expires_at < :until;

-- name: links_of_visit
SELECT id, created_at, created_by FROM links WHERE visit = :visit ORDER BY created_at, id;
