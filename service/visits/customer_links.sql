-- name: add_link!
INSERT INTO links (id, visit, digest, created_at, created_by, expires_at)
VALUES (:id, :visit, :digest, :created_at, :created_by, :expires_at);

-- name: expire_links!
UPDATE links SET ended_at = :at WHERE visit = :visit AND ended_at IS NULL;

-- name: link^
SELECT id, visit, expires_at, ended_at FROM links WHERE digest = :digest;

-- name: link_expires^
SELECT expires_at FROM links WHERE id = :id;

-- name: add_secret!
INSERT INTO secrets (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING;

-- name: delete_secret!
DELETE FROM secrets WHERE name = :name AND value = :value;

-- name: secret^
SELECT value FROM secrets WHERE name = :name;

-- name: id_card^
-- What is on somebody's ID card; also of one who left.
SELECT name, badge, title, photo FROM people WHERE login = :login;

-- name: set_staff_photo!
UPDATE people SET photo = :photo WHERE login = :login;

-- name: set_card!
UPDATE people SET badge = :badge, title = :title WHERE login = :login;
