-- name: id_card^
-- Also of people who left.
SELECT name, badge, title, photo FROM people WHERE login = :login;

-- name: set_staff_photo!
UPDATE people SET photo = :photo WHERE login = :login;

-- name: set_card!
UPDATE people SET badge = :badge, title = :title WHERE login = :login;
