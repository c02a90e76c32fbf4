-- name: add_device!
INSERT INTO devices (id, login, name, public_key, created_at) VALUES (:id, :login, :name, :public_key, :created_at);

-- name: device^
SELECT id, login, name, public_key, created_at, seen_at, app, revoked_at, revoked_by,
    (SELECT created_by FROM one_time_codes c WHERE c.device = devices.id)
FROM devices WHERE id = :id;

-- name: devices_of
SELECT id, login, name, public_key, created_at, seen_at, app, revoked_at, revoked_by,
    (SELECT created_by FROM one_time_codes c WHERE c.device = devices.id)
FROM devices WHERE login = :login ORDER BY created_at, id;

-- name: devices_page
SELECT id, login, name, public_key, created_at, seen_at, app, revoked_at, revoked_by,
    (SELECT created_by FROM one_time_codes c WHERE c.device = devices.id)
FROM devices WHERE (created_at, id) > (:after_at, :after_id) ORDER BY created_at, id LIMIT :size;

-- name: device_has_used_token^
SELECT 1 FROM tokens WHERE device = :id AND used_at IS NOT NULL LIMIT 1;

-- name: touch_device!
UPDATE devices SET seen_at = :at, app = CASE WHEN :app = '' THEN app ELSE :app END WHERE id = :id;

-- name: revoke_device!
UPDATE devices SET revoked_at = :at, revoked_by = :by WHERE id = :id AND revoked_at IS NULL;

-- name: revoke_devices!
UPDATE devices SET revoked_at = :at, revoked_by = :by WHERE login = :login AND revoked_at IS NULL;
