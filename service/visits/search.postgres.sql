-- name: force_custom_plan^
-- For the rest of the transaction, statements are planned for their parameters, and not compiled: no generic plan suits
-- both common and rare names.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true);

-- name: automatic_plan^
SELECT set_config('plan_cache_mode', 'auto', true);
