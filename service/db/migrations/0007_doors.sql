-- Searches do not distinguish separators any more: everything is indexed again at the next start.
DELETE FROM search_tokens;
UPDATE visit_summaries SET state = '';
-- Logins are one if they differ in case, width, or what nobody can see (`text.login_key`).
ALTER TABLE people ADD COLUMN login_key TEXT NOT NULL DEFAULT '';
UPDATE people SET login_key = lower(login);
CREATE INDEX people_login_key ON people (login_key);
-- When a visit's window ends (ms UTC), after `planned_at`: lists from a time on have the visits that end after it. It is
-- set at the next start.
ALTER TABLE visit_summaries ADD COLUMN ends_at BIGINT NOT NULL DEFAULT 0;
