-- name: add_event!
INSERT INTO events (id, kind, at, sha256, body, salt) VALUES (:id, :kind, :at, :sha256, :body, :salt);

-- name: event^
SELECT id, kind, at, sha256, body, salt FROM events WHERE id = :id;
