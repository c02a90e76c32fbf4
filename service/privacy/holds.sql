-- name: add_hold!
INSERT INTO legal_holds (id, visit, at, until_at, ends, sha256, body, salt)
VALUES (:id, :visit, :at, :until_at, :ends, :sha256, :body, :salt);

-- name: hold^
SELECT id, visit, at, until_at, ends, sha256, body, salt FROM legal_holds WHERE id = :id;

-- name: holds_of_visit
SELECT id, visit, at, until_at, ends, sha256, body, salt FROM legal_holds WHERE visit = :visit ORDER BY at, id;

-- name: visits_with_holds
SELECT DISTINCT h.visit, v.area FROM legal_holds h JOIN visits v ON v.id = h.visit WHERE h.ends IS NULL;
