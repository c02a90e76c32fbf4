-- name: add_account_hold!
INSERT INTO account_holds (id, account, at, until_at, ends, sha256, body, salt)
VALUES (:id, :account, :at, :until_at, :ends, :sha256, :body, :salt);

-- name: account_hold^
SELECT id, account, at, until_at, ends, sha256, body, salt FROM account_holds WHERE id = :id;

-- name: holds_of_account
-- The holds of an account and their ends.
SELECT id, account, at, until_at, ends, sha256, body, salt FROM account_holds WHERE account = :account ORDER BY at, id;

-- name: held_accounts
-- Every account that is or was held.
SELECT DISTINCT account FROM account_holds ORDER BY account;

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

-- name: erase_account_hold_ends!
DELETE FROM account_holds WHERE account = :account AND ends IS NOT NULL;

-- name: erase_account_holds!
DELETE FROM account_holds WHERE account = :account;
