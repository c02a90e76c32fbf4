-- name: add_departure!
INSERT INTO departures (id, visit, number, revision, at, writer, sha256, body, salt)
VALUES (:id, :visit, :number, :revision, :at, :writer, :sha256, :body, :salt);

-- name: departure^
SELECT id, visit, number, revision, at, writer, sha256, body, salt FROM departures WHERE id = :id;

-- name: departures_of
SELECT id, visit, number, revision, at, writer, sha256, body, salt FROM departures WHERE visit = :visit ORDER BY number;

-- name: count_departure!
UPDATE visit_summaries SET departures = :number WHERE visit = :visit;
