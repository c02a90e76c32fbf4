-- name: add_leaf!
INSERT INTO log_leaves (id, leaf, at) VALUES (:id, :leaf, :at) ON CONFLICT DO NOTHING;

-- name: last_leaf_number^
-- Only numbered leaves are in the index.
SELECT max(number) FROM log_leaves WHERE number IS NOT NULL;

-- name: number_leaves!
-- Numbers from :first on, for the oldest :size leaves without one.
UPDATE log_leaves SET number = unnumbered.number
FROM (
    SELECT id, row_number() OVER (ORDER BY at, id) - 1 + CAST(:first AS BIGINT) AS number
    FROM log_leaves WHERE number IS NULL ORDER BY at, id LIMIT :size
) AS unnumbered
WHERE log_leaves.id = unnumbered.id;

-- name: leaf^
SELECT id, leaf, at, number FROM log_leaves WHERE id = :id;

-- name: leaves_from
SELECT id, leaf, at, number FROM log_leaves WHERE number >= :first ORDER BY number LIMIT :size;

-- name: access^
SELECT at, who, what, reason, salt FROM access_log WHERE id = :id;

-- name: add_access!
INSERT INTO access_log (id, at, who, what, reason, salt) VALUES (:id, :at, :who, :what, :reason, :salt) ON CONFLICT DO NOTHING;

-- name: numbered_leaves
SELECT leaf, number FROM log_leaves WHERE number >= :first ORDER BY number LIMIT :size;

-- name: last_tile^
-- The last tile of leaf hashes, and its length in bytes.
SELECT number, length(hashes) FROM log_tiles WHERE level = 0 ORDER BY number DESC LIMIT 1;

-- name: tile^
SELECT hashes FROM log_tiles WHERE level = :level AND number = :number;

-- name: put_tile!
INSERT INTO log_tiles (level, number, hashes) VALUES (:level, :number, :hashes)
ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes;
