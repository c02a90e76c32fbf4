-- name: quarantined_mentions
-- Inputs in quarantine in which a text occurs.
SELECT id FROM quarantine WHERE position(CAST(:lower AS BYTEA) IN body) > 0 OR position(CAST(:upper AS BYTEA) IN body) > 0;
