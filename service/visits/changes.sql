-- name: add_change!
INSERT INTO changes (id, visit, number, kind, at, writer, sha256, body, salt)
VALUES (:id, :visit, :number, :kind, :at, :writer, :sha256, :body, :salt);

-- name: change^
SELECT id, visit, number, kind, at, writer, sha256, body, salt FROM changes WHERE id = :id;

-- name: changes_of
SELECT id, visit, number, kind, at, writer, sha256, body, salt FROM changes WHERE visit = :visit ORDER BY number;
