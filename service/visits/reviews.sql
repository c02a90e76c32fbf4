-- name: add_review!
INSERT INTO reviews (id, visit, number, kind, at, author, batches, sha256, body, salt)
VALUES (:id, :visit, :number, :kind, :at, :author, :batches, :sha256, :body, :salt)
ON CONFLICT DO NOTHING;

-- name: review^
SELECT id, visit, number, kind, at, author, batches, sha256, body, salt FROM reviews WHERE id = :id;

-- name: reviews_of
SELECT id, visit, number, kind, at, author, batches, sha256, body, salt FROM reviews WHERE visit = :visit ORDER BY number;

-- name: count_review!
UPDATE visit_summaries SET reviews = :number WHERE visit = :visit;
