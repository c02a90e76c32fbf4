-- name: last_checkpoint^
SELECT size, note, signed_at, published_at FROM log_checkpoints WHERE size > 0 ORDER BY size DESC LIMIT 1;

-- name: last_published^
SELECT size, note, signed_at, published_at FROM log_checkpoints WHERE size > 0 AND published_at IS NOT NULL ORDER BY size DESC LIMIT 1;

-- name: first_published_after^
SELECT published_at FROM log_checkpoints WHERE size > :size AND published_at IS NOT NULL ORDER BY size LIMIT 1;

-- name: unpublished_checkpoints
SELECT size, note, signed_at, published_at FROM log_checkpoints WHERE published_at IS NULL ORDER BY size;

-- name: checkpoints_from
SELECT size, note, signed_at, published_at FROM log_checkpoints WHERE size >= :first ORDER BY size LIMIT :count;

-- name: add_checkpoint!
INSERT INTO log_checkpoints (size, note, signed_at) VALUES (:size, :note, :signed_at);

-- name: publish_checkpoint!
UPDATE log_checkpoints SET published_at = :published_at WHERE size = :size AND published_at IS NULL;

-- name: has_leaf_number^
SELECT 1 FROM log_leaves WHERE number = :number;

-- name: cosignatures
SELECT line FROM log_cosignatures WHERE size = :size ORDER BY at, line;

-- name: add_cosignature!
INSERT INTO log_cosignatures (size, line, at) VALUES (:size, :line, :at) ON CONFLICT DO NOTHING;
