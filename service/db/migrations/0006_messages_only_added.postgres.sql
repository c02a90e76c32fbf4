-- A guard against slips, as for the rest.
CREATE TRIGGER deliveries_no_change BEFORE UPDATE OR DELETE ON deliveries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER deliveries_no_truncate BEFORE TRUNCATE ON deliveries EXECUTE FUNCTION refuse_change();
CREATE TRIGGER scans_no_change BEFORE UPDATE OR DELETE ON scans FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER scans_no_truncate BEFORE TRUNCATE ON scans EXECUTE FUNCTION refuse_change();
CREATE TRIGGER messages_no_update BEFORE UPDATE OF id, visit, about, channel, recipient, text, entries, sha256,
    created_at, created_by ON messages FOR EACH ROW EXECUTE FUNCTION refuse_change();
