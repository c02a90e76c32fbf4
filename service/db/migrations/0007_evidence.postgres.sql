-- A guard against slips, as for the rest.
CREATE TRIGGER lost_no_change BEFORE UPDATE OR DELETE ON lost FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER lost_no_truncate BEFORE TRUNCATE ON lost EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stored_no_change BEFORE UPDATE OR DELETE ON stored FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stored_no_truncate BEFORE TRUNCATE ON stored EXECUTE FUNCTION refuse_change();
CREATE TRIGGER files_no_update BEFORE UPDATE ON files FOR EACH ROW
WHEN (OLD.sent_at IS NOT NULL AND NEW.sent_at IS DISTINCT FROM OLD.sent_at)
EXECUTE FUNCTION refuse_change();
CREATE TRIGGER files_no_delete BEFORE DELETE ON files FOR EACH ROW EXECUTE FUNCTION refuse_change();
