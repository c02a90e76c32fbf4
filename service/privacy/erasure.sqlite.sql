-- name: quarantined_mentions
-- Inputs in quarantine in which a text occurs.
SELECT id FROM quarantine WHERE instr(body, CAST(:lower AS BLOB)) > 0 OR instr(body, CAST(:upper AS BLOB)) > 0;
