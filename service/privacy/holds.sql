-- name: add_hold!
INSERT INTO legal_holds (id, visit, at, until_at, ends, sha256, body, salt)
VALUES (:id, :visit, :at, :until_at, :ends, :sha256, :body, :salt) ON CONFLICT (id) DO NOTHING;

-- name: add_account_hold!
INSERT INTO account_holds (id, account, at, until_at, ends, sha256, body, salt)
VALUES (:id, :account, :at, :until_at, :ends, :sha256, :body, :salt) ON CONFLICT (id) DO NOTHING;

-- name: hold^
-- A hold of a visit or of an account, or the end of one.
SELECT id, visit, CAST(NULL AS TEXT) AS account, at, until_at, ends, sha256, body, salt FROM legal_holds WHERE id = :id
UNION ALL SELECT id, CAST(NULL AS BYTEA) AS visit, account, at, until_at, ends, sha256, body, salt FROM account_holds WHERE id = :id;

-- name: end_of_hold^
SELECT id, visit, CAST(NULL AS TEXT) AS account, at, until_at, ends, sha256, body, salt FROM legal_holds WHERE ends = :id
UNION ALL SELECT id, CAST(NULL AS BYTEA) AS visit, account, at, until_at, ends, sha256, body, salt FROM account_holds WHERE ends = :id;

-- name: all_holds
-- Holds of visits and of accounts, and their ends.
SELECT id, visit, CAST(NULL AS TEXT) AS account, at, until_at, ends, sha256, body, salt FROM legal_holds
UNION ALL SELECT id, CAST(NULL AS BYTEA) AS visit, account, at, until_at, ends, sha256, body, salt FROM account_holds
ORDER BY at, id;

-- name: holds_of_visit
SELECT id, visit, CAST(NULL AS TEXT) AS account, at, until_at, ends, sha256, body, salt FROM legal_holds WHERE visit = :visit ORDER BY at, id;

-- name: holds_of_account
SELECT id, CAST(NULL AS BYTEA) AS visit, account, at, until_at, ends, sha256, body, salt FROM account_holds WHERE account = :account ORDER BY at, id;

-- name: visits_with_holds
SELECT DISTINCT h.visit, v.area FROM legal_holds h JOIN visits v ON v.id = h.visit WHERE h.ends IS NULL;

-- name: account_held^
-- Whether any account was ever held: most utilities have none.
SELECT 1 FROM account_holds LIMIT 1;

-- name: released_accounts
-- Accounts whose last hold ended in a time.
SELECT account FROM (
    SELECT h.account, max(coalesce(e.at, h.until_at, 9223372036854775807)) AS ended
    FROM account_holds h LEFT JOIN account_holds e ON e.ends = h.id
    WHERE h.ends IS NULL GROUP BY h.account
) AS released WHERE ended >= :since AND ended < :before ORDER BY account;

-- name: due_account_holds
-- Accounts whose last hold ended before a time.
SELECT account FROM (
    SELECT h.account, max(coalesce(e.at, h.until_at, 9223372036854775807)) AS ended
    FROM account_holds h LEFT JOIN account_holds e ON e.ends = h.id
    WHERE h.ends IS NULL GROUP BY h.account
) AS released WHERE ended < :before AND account > :after ORDER BY account LIMIT :size;

-- name: erase_account_hold!
DELETE FROM account_holds WHERE id = :id;
