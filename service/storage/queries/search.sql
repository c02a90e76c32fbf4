-- name: add_gram!
INSERT INTO grams (gram, visit) VALUES (:gram, :visit) ON CONFLICT DO NOTHING;

-- name: drop_gram!
DELETE FROM grams WHERE gram = :gram AND visit = :visit;

-- name: count_gram^
SELECT count(*) FROM (SELECT 1 AS one FROM grams WHERE gram = :gram LIMIT 10000) AS few;

-- name: with_grams
SELECT a.visit, a.gram FROM grams a
WHERE a.gram = :first AND a.visit > :after_id
    AND EXISTS (SELECT 1 FROM grams b WHERE b.gram = :second AND b.visit = a.visit)
    AND EXISTS (SELECT 1 FROM grams c WHERE c.gram = :third AND c.visit = a.visit)
ORDER BY a.visit LIMIT :size;

-- name: with_prefix
SELECT visit, gram FROM grams
WHERE (gram, visit) > (:after_gram, :after_id) AND gram >= :low AND gram < :high
ORDER BY gram, visit LIMIT :size;
