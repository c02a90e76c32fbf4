-- A guard against slips, as for the rest.
CREATE TRIGGER quarantine_no_new_sender BEFORE UPDATE OF sent_by, signature ON quarantine
BEGIN SELECT RAISE(ABORT, 'quarantine bytes are only ever added'); END;
