-- Rows are deleted only in an erasure, which names them first.
CREATE FUNCTION refuse_unless_erased() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    erased BOOLEAN;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM erased_rows WHERE id = ($1).%I)', TG_ARGV[0]) INTO erased USING OLD;
    IF NOT erased THEN
        RAISE EXCEPTION '% are only ever added', TG_TABLE_NAME;
    END IF;
    RETURN OLD;
END
$$;
DROP TRIGGER batches_no_change ON batches;
CREATE TRIGGER batches_no_delete BEFORE DELETE ON batches FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased('id');
DROP TRIGGER visits_no_change ON visits;
CREATE TRIGGER visits_no_update BEFORE UPDATE ON visits FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER visits_no_delete BEFORE DELETE ON visits FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased('id');
DROP TRIGGER changes_no_change ON changes;
CREATE TRIGGER changes_no_update BEFORE UPDATE ON changes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER changes_no_delete BEFORE DELETE ON changes FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased('id');
DROP TRIGGER reviews_no_change ON reviews;
CREATE TRIGGER reviews_no_update BEFORE UPDATE ON reviews FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER reviews_no_delete BEFORE DELETE ON reviews FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased('id');
DROP TRIGGER departures_no_change ON departures;
CREATE TRIGGER departures_no_update BEFORE UPDATE ON departures FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER departures_no_delete BEFORE DELETE ON departures FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased('id');
DROP TRIGGER given_up_files_no_change ON given_up_files;
CREATE TRIGGER given_up_files_no_update BEFORE UPDATE ON given_up_files FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER given_up_files_no_delete BEFORE DELETE ON given_up_files FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased('id');
DROP TRIGGER events_no_change ON events;
CREATE TRIGGER events_no_update BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_no_delete BEFORE DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased('id');
DROP TRIGGER access_log_no_change ON access_log;
CREATE TRIGGER access_log_no_update BEFORE UPDATE ON access_log FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER access_log_no_delete BEFORE DELETE ON access_log FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased('id');
DROP TRIGGER blobs_no_change ON blobs;
CREATE TRIGGER blobs_no_update BEFORE UPDATE ON blobs FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER blobs_no_delete BEFORE DELETE ON blobs FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased('sha256');
DROP TRIGGER received_files_no_delete ON received_files;
CREATE TRIGGER received_files_no_delete BEFORE DELETE ON received_files FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased('sha256');
DROP TRIGGER deliveries_no_change ON deliveries;
CREATE TRIGGER deliveries_no_update BEFORE UPDATE ON deliveries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER deliveries_no_delete BEFORE DELETE ON deliveries FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased('message');
DROP TRIGGER delivery_reports_no_change ON delivery_reports;
CREATE TRIGGER delivery_reports_no_update BEFORE UPDATE ON delivery_reports FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER delivery_reports_no_delete BEFORE DELETE ON delivery_reports FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased('message');
DROP TRIGGER door_confirmations_no_change ON door_confirmations;
CREATE TRIGGER door_confirmations_no_update BEFORE UPDATE ON door_confirmations FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER door_confirmations_no_delete BEFORE DELETE ON door_confirmations FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased('visit');
CREATE TRIGGER messages_no_delete BEFORE DELETE ON messages FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased('id');
CREATE TRIGGER links_no_delete BEFORE DELETE ON links FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased('id');
CREATE TRIGGER legal_holds_no_delete BEFORE DELETE ON legal_holds FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased('id');
CREATE TRIGGER legal_holds_no_update BEFORE UPDATE ON legal_holds FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER erasures_no_change BEFORE UPDATE OR DELETE ON erasures FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER erased_rows_no_change BEFORE UPDATE OR DELETE ON erased_rows FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER erased_visits_no_change BEFORE UPDATE OR DELETE ON erased_visits FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER erasures_no_truncate BEFORE TRUNCATE ON erasures EXECUTE FUNCTION refuse_change();
CREATE TRIGGER erased_rows_no_truncate BEFORE TRUNCATE ON erased_rows EXECUTE FUNCTION refuse_change();
CREATE TRIGGER erased_visits_no_truncate BEFORE TRUNCATE ON erased_visits EXECUTE FUNCTION refuse_change();
CREATE TRIGGER legal_holds_no_truncate BEFORE TRUNCATE ON legal_holds EXECUTE FUNCTION refuse_change();

-- The bytes of a record change only where its positions are reduced, which is noted first.
CREATE FUNCTION refuse_unless_reduced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    same batches%ROWTYPE := NEW;
BEGIN
    same.body := OLD.body;
    IF same IS DISTINCT FROM OLD OR NOT EXISTS (SELECT 1 FROM reduced_records WHERE id = OLD.id) THEN
        RAISE EXCEPTION '% are only ever added', TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER batches_no_update BEFORE UPDATE ON batches FOR EACH ROW EXECUTE FUNCTION refuse_unless_reduced();
DROP TRIGGER photo_copies_no_change ON photo_copies;
CREATE TRIGGER photo_copies_no_update BEFORE UPDATE ON photo_copies FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER photo_copies_no_delete BEFORE DELETE ON photo_copies FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased('id');
