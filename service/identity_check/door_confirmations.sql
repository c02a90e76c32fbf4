-- name: add_door_confirmation!
INSERT INTO door_confirmations (code, visit, login, at) VALUES (:code, :visit, :login, :at) ON CONFLICT DO NOTHING;

-- name: door_confirmation^
SELECT at FROM door_confirmations WHERE code = :code;

-- name: last_door_confirmation^
SELECT max(at) FROM door_confirmations WHERE visit = :visit;
