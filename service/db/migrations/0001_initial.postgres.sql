-- Guards against mistakes: what was accepted never changes. (The log protects against the operator.)

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
CREATE TRIGGER access_log_no_change BEFORE UPDATE OR DELETE ON access_log FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER access_log_no_truncate BEFORE TRUNCATE ON access_log EXECUTE FUNCTION refuse_change();

-- The bytes of an input stay; only the decision about it is written.
CREATE TRIGGER quarantine_no_update BEFORE UPDATE OF id, device, sha256, path_id, code, body, received_at, received_from
ON quarantine FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- A leaf gets its number once.
CREATE TRIGGER log_leaves_no_update BEFORE UPDATE ON log_leaves FOR EACH ROW
WHEN (OLD.number IS NOT NULL OR NEW.id <> OLD.id OR NEW.leaf <> OLD.leaf OR NEW.at <> OLD.at)
EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_leaves_no_delete BEFORE DELETE ON log_leaves FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_leaves_no_truncate BEFORE TRUNCATE ON log_leaves EXECUTE FUNCTION refuse_change();

-- The search index. Ranges of tokens need byte order, whatever the database's locale.
CREATE TABLE search_tokens (
    token TEXT COLLATE "C" NOT NULL,
    visit BYTEA NOT NULL,
    PRIMARY KEY (token, visit)
);
CREATE TRIGGER changes_no_change BEFORE UPDATE OR DELETE ON changes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER changes_no_truncate BEFORE TRUNCATE ON changes EXECUTE FUNCTION refuse_change();
CREATE TRIGGER deliveries_no_change BEFORE UPDATE OR DELETE ON deliveries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER deliveries_no_truncate BEFORE TRUNCATE ON deliveries EXECUTE FUNCTION refuse_change();
CREATE TRIGGER door_confirmations_no_change BEFORE UPDATE OR DELETE ON door_confirmations FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER door_confirmations_no_truncate BEFORE TRUNCATE ON door_confirmations EXECUTE FUNCTION refuse_change();
CREATE TRIGGER messages_no_update BEFORE UPDATE OF id, visit, about, channel, recipient, text, entries, sha256,
    created_at, created_by ON messages FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER given_up_files_no_change BEFORE UPDATE OR DELETE ON given_up_files FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER given_up_files_no_truncate BEFORE TRUNCATE ON given_up_files EXECUTE FUNCTION refuse_change();
CREATE TRIGGER blobs_no_change BEFORE UPDATE OR DELETE ON blobs FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER blobs_no_truncate BEFORE TRUNCATE ON blobs EXECUTE FUNCTION refuse_change();
CREATE TRIGGER received_files_no_update BEFORE UPDATE ON received_files FOR EACH ROW
WHEN (OLD.sent_at IS NOT NULL AND NEW.sent_at IS DISTINCT FROM OLD.sent_at)
EXECUTE FUNCTION refuse_change();
CREATE TRIGGER received_files_no_delete BEFORE DELETE ON received_files FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_no_change BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events EXECUTE FUNCTION refuse_change();

-- The normalized texts of visits, one a line. Not in visit_summaries, so that records do not rewrite them.
CREATE TABLE search_texts (
    visit BYTEA NOT NULL PRIMARY KEY,
    area TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE TRIGGER quarantine_no_new_sender BEFORE UPDATE OF sent_by, signature
ON quarantine FOR EACH ROW EXECUTE FUNCTION refuse_change();
