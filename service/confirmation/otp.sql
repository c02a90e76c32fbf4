-- name: set_link_otp!
INSERT INTO link_otps (link, browser_id, digest, expires_at, tries, message)
VALUES (:link, :browser_id, :digest, :expires_at, 0, :message)
ON CONFLICT (link, browser_id) DO UPDATE SET digest = excluded.digest, expires_at = excluded.expires_at, tries = 0,
    message = excluded.message;

-- name: link_otp^
SELECT digest, expires_at, tries, passed_at, passed_from, message, passed_message, passed_near FROM link_otps
WHERE link = :link AND browser_id = :browser_id;

-- name: count_link_otp_try!
-- Counts a try before the code is compared, so that of many tries at once no more than the limit are compared.
UPDATE link_otps SET tries = tries + 1
WHERE link = :link AND browser_id = :browser_id AND tries < :max_tries AND expires_at > :now AND expires_at <= :latest;

-- name: pass_link_otp!
-- A code is good once: one try more than allowed marks it as spent.
UPDATE link_otps SET passed_at = :now, passed_from = :address, passed_near = :near, tries = :max_tries + 1,
    passed_event = :event, passed_message = message
WHERE link = :link AND browser_id = :browser_id;
