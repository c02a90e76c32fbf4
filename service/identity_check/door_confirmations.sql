-- name: add_door_confirmation!
INSERT INTO door_confirmations (code, visit, login, at, id, salt) VALUES (:code, :visit, :login, :at, :id, :salt)
ON CONFLICT DO NOTHING;

-- name: scan_of_leaf^
SELECT code, visit, login, at, salt FROM door_confirmations WHERE id = :id;

-- name: door_confirmation^
SELECT at FROM door_confirmations WHERE code = :code;

-- name: last_door_confirmation^
SELECT max(at) FROM door_confirmations WHERE visit = :visit;
