-- name: plan_anew^
-- See the other engine: here a statement is always planned as it is written.
SELECT 1;

-- name: plan_as_usual^
SELECT 1;
