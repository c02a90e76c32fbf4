-- name: force_custom_plan^
-- See the other engine: here a statement is always planned as it is written.
SELECT 1;

-- name: automatic_plan^
SELECT 1;
