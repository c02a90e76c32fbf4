-- A guard against slips, as for the rest.
CREATE TRIGGER lost_no_update BEFORE UPDATE ON lost
BEGIN SELECT RAISE(ABORT, 'lost files are only ever added'); END;
CREATE TRIGGER lost_no_delete BEFORE DELETE ON lost
BEGIN SELECT RAISE(ABORT, 'lost files are only ever added'); END;
CREATE TRIGGER stored_no_update BEFORE UPDATE ON stored
BEGIN SELECT RAISE(ABORT, 'stored files are only ever added'); END;
CREATE TRIGGER stored_no_delete BEFORE DELETE ON stored
BEGIN SELECT RAISE(ABORT, 'stored files are only ever added'); END;
CREATE TRIGGER files_no_update BEFORE UPDATE ON files
WHEN OLD.sent_at IS NOT NULL AND NEW.sent_at IS NOT OLD.sent_at
BEGIN SELECT RAISE(ABORT, 'files are only ever added'); END;
CREATE TRIGGER files_no_delete BEFORE DELETE ON files
BEGIN SELECT RAISE(ABORT, 'files are only ever added'); END;
