-- name: engine_version^
SELECT current_setting('server_version');

-- name: server_settings
SELECT name, setting FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums', 'server_encoding', 'max_connections');

-- name: connection_encrypted^
-- NULL: not over the network.
SELECT CASE WHEN inet_server_addr() IS NULL OR inet_server_addr() = inet_client_addr() THEN NULL
    ELSE (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) END,
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user);
