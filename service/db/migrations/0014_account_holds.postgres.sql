CREATE TRIGGER account_holds_no_update BEFORE UPDATE ON account_holds FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER account_holds_no_delete BEFORE DELETE ON account_holds FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased('id');
CREATE TRIGGER account_holds_no_truncate BEFORE TRUNCATE ON account_holds EXECUTE FUNCTION refuse_change();
