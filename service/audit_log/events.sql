-- name: add_event!
INSERT INTO events (id, kind, at, sha256, body, salt, what, person, author)
VALUES (:id, :kind, :at, :sha256, :body, :salt, :what, :person, :author);

-- name: event^
SELECT id, kind, at, sha256, body, salt, what, person, author FROM events WHERE id = :id;
