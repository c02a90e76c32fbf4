-- name: add_erasure!
INSERT INTO erasures (id, at, sha256, body, salt) VALUES (:id, :at, :sha256, :body, :salt);

-- name: add_erased_row!
INSERT INTO erased_rows (id, kind, erasure) VALUES (:id, :kind, :erasure) ON CONFLICT DO NOTHING;

-- name: erased_row^
SELECT kind FROM erased_rows WHERE id = :id;

-- name: erasure^
SELECT id, at, sha256, body, salt FROM erasures WHERE id = :id;

-- name: reduced_record^
SELECT sha256 FROM reduced_records WHERE id = :id;
