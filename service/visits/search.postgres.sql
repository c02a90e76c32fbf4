-- name: force_custom_plan^
-- From now on, in this transaction, statements are planned for the values they are asked with, and not compiled: one
-- plan for common and rare names would be wrong for some.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true);

-- name: automatic_plan^
SELECT set_config('plan_cache_mode', 'auto', true);
