-- A guard against slips: what was taken is never changed. (Against the operator himself there is the log.)

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% are only ever added', TG_TABLE_NAME;
END
$$;

CREATE TRIGGER batches_no_change BEFORE UPDATE OR DELETE ON batches FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER batches_no_truncate BEFORE TRUNCATE ON batches EXECUTE FUNCTION refuse_change();
CREATE TRIGGER visits_no_change BEFORE UPDATE OR DELETE ON visits FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER visits_no_truncate BEFORE TRUNCATE ON visits EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checklists_no_change BEFORE UPDATE OR DELETE ON checklists FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checklists_no_truncate BEFORE TRUNCATE ON checklists EXECUTE FUNCTION refuse_change();
CREATE TRIGGER accesses_no_change BEFORE UPDATE OR DELETE ON accesses FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER accesses_no_truncate BEFORE TRUNCATE ON accesses EXECUTE FUNCTION refuse_change();

-- The bytes of an input stay; only the decision about it is written.
CREATE TRIGGER quarantine_no_update BEFORE UPDATE OF id, device, sha256, path_id, code, body, received_at, received_from
ON quarantine FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- A leaf gets its number once.
CREATE TRIGGER leaves_no_update BEFORE UPDATE ON leaves FOR EACH ROW
WHEN (OLD.number IS NOT NULL OR NEW.id <> OLD.id OR NEW.leaf <> OLD.leaf OR NEW.at <> OLD.at)
EXECUTE FUNCTION refuse_change();
CREATE TRIGGER leaves_no_delete BEFORE DELETE ON leaves FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER leaves_no_truncate BEFORE TRUNCATE ON leaves EXECUTE FUNCTION refuse_change();
