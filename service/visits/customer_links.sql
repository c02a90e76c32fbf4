-- name: add_link!
INSERT INTO links (id, visit, digest, created_at, created_by, expires_at)
VALUES (:id, :visit, :digest, :created_at, :created_by, :expires_at);

-- name: expire_links!
UPDATE links SET ended_at = :at WHERE visit = :visit AND ended_at IS NULL;

-- name: link^
SELECT id, visit, expires_at, ended_at FROM links WHERE digest = :digest;

-- name: link_expires^
SELECT expires_at FROM links WHERE id = :id;

-- name: links_of_visit
SELECT id, created_at, created_by FROM links WHERE visit = :visit ORDER BY created_at, id;
