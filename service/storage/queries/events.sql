-- name: add_event!
INSERT INTO events (id, kind, at, sha256, body, salt) VALUES (:id, :kind, :at, :sha256, :body, :salt);

-- name: event^
SELECT id, kind, at, sha256, body, salt FROM events WHERE id = :id;

-- name: event_in_order^
-- With the number of its leaf: clocks are set back, and those of two servers differ.
SELECT e.kind, e.at, e.body, l.number FROM events e LEFT JOIN leaves l ON l.id = e.id WHERE e.id = :id;
