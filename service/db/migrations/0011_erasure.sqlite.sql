-- Rows are deleted only in an erasure, which names them first.
DROP TRIGGER batches_no_delete;
DROP TRIGGER visits_no_delete;
DROP TRIGGER changes_no_delete;
DROP TRIGGER reviews_no_delete;
DROP TRIGGER departures_no_delete;
DROP TRIGGER given_up_files_no_delete;
DROP TRIGGER events_no_delete;
DROP TRIGGER access_log_no_delete;
DROP TRIGGER blobs_no_delete;
DROP TRIGGER received_files_no_delete;
DROP TRIGGER deliveries_no_delete;
DROP TRIGGER delivery_reports_no_delete;
DROP TRIGGER door_confirmations_no_delete;
CREATE TRIGGER batches_no_delete BEFORE DELETE ON batches
WHEN NOT EXISTS (SELECT 1 FROM erased_rows WHERE erased_rows.id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'batches are only ever added'); END;
CREATE TRIGGER visits_no_delete BEFORE DELETE ON visits
WHEN NOT EXISTS (SELECT 1 FROM erased_rows WHERE erased_rows.id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'visits are only ever added'); END;
CREATE TRIGGER changes_no_delete BEFORE DELETE ON changes
WHEN NOT EXISTS (SELECT 1 FROM erased_rows WHERE erased_rows.id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'changes are only ever added'); END;
CREATE TRIGGER reviews_no_delete BEFORE DELETE ON reviews
WHEN NOT EXISTS (SELECT 1 FROM erased_rows WHERE erased_rows.id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'reviews are only ever added'); END;
CREATE TRIGGER departures_no_delete BEFORE DELETE ON departures
WHEN NOT EXISTS (SELECT 1 FROM erased_rows WHERE erased_rows.id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'departures are only ever added'); END;
CREATE TRIGGER given_up_files_no_delete BEFORE DELETE ON given_up_files
WHEN NOT EXISTS (SELECT 1 FROM erased_rows WHERE erased_rows.id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'given-up files are only ever added'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events
WHEN NOT EXISTS (SELECT 1 FROM erased_rows WHERE erased_rows.id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'events are only ever added'); END;
CREATE TRIGGER access_log_no_delete BEFORE DELETE ON access_log
WHEN NOT EXISTS (SELECT 1 FROM erased_rows WHERE erased_rows.id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'access_log entries are only ever added'); END;
CREATE TRIGGER blobs_no_delete BEFORE DELETE ON blobs
WHEN NOT EXISTS (SELECT 1 FROM erased_rows WHERE erased_rows.id = OLD.sha256)
BEGIN SELECT RAISE(ABORT, 'blobs are only ever added'); END;
CREATE TRIGGER received_files_no_delete BEFORE DELETE ON received_files
WHEN NOT EXISTS (SELECT 1 FROM erased_rows WHERE erased_rows.id = OLD.sha256)
BEGIN SELECT RAISE(ABORT, 'received files are only ever added'); END;
CREATE TRIGGER deliveries_no_delete BEFORE DELETE ON deliveries
WHEN NOT EXISTS (SELECT 1 FROM erased_rows WHERE erased_rows.id = OLD.message)
BEGIN SELECT RAISE(ABORT, 'deliveries are only ever added'); END;
CREATE TRIGGER delivery_reports_no_delete BEFORE DELETE ON delivery_reports
WHEN NOT EXISTS (SELECT 1 FROM erased_rows WHERE erased_rows.id = OLD.message)
BEGIN SELECT RAISE(ABORT, 'delivery reports are only ever added'); END;
CREATE TRIGGER door_confirmations_no_delete BEFORE DELETE ON door_confirmations
WHEN NOT EXISTS (SELECT 1 FROM erased_rows WHERE erased_rows.id = OLD.visit)
BEGIN SELECT RAISE(ABORT, 'door confirmations are only ever added'); END;
CREATE TRIGGER messages_no_delete BEFORE DELETE ON messages
WHEN NOT EXISTS (SELECT 1 FROM erased_rows WHERE erased_rows.id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'messages are only ever added'); END;
CREATE TRIGGER links_no_delete BEFORE DELETE ON links
WHEN NOT EXISTS (SELECT 1 FROM erased_rows WHERE erased_rows.id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'links are only ever added'); END;
CREATE TRIGGER legal_holds_no_delete BEFORE DELETE ON legal_holds
WHEN NOT EXISTS (SELECT 1 FROM erased_rows WHERE erased_rows.id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'legal holds are only ever added'); END;
CREATE TRIGGER legal_holds_no_update BEFORE UPDATE ON legal_holds
BEGIN SELECT RAISE(ABORT, 'legal holds are only ever added'); END;
CREATE TRIGGER erasures_no_update BEFORE UPDATE ON erasures
BEGIN SELECT RAISE(ABORT, 'erasures are only ever added'); END;
CREATE TRIGGER erasures_no_delete BEFORE DELETE ON erasures
BEGIN SELECT RAISE(ABORT, 'erasures are only ever added'); END;
CREATE TRIGGER erased_rows_no_update BEFORE UPDATE ON erased_rows
BEGIN SELECT RAISE(ABORT, 'erased rows are only ever added'); END;
CREATE TRIGGER erased_rows_no_delete BEFORE DELETE ON erased_rows
BEGIN SELECT RAISE(ABORT, 'erased rows are only ever added'); END;
CREATE TRIGGER erased_visits_no_update BEFORE UPDATE ON erased_visits
BEGIN SELECT RAISE(ABORT, 'erased visits are only ever added'); END;
CREATE TRIGGER erased_visits_no_delete BEFORE DELETE ON erased_visits
BEGIN SELECT RAISE(ABORT, 'erased visits are only ever added'); END;

-- The bytes of a record change only where its positions are reduced, which is noted first.
DROP TRIGGER batches_no_update;
CREATE TRIGGER batches_no_update BEFORE UPDATE ON batches
WHEN NOT EXISTS (SELECT 1 FROM reduced_records WHERE reduced_records.id = OLD.id) OR NEW.id <> OLD.id
    OR NEW.visit <> OLD.visit OR NEW.kind <> OLD.kind OR NEW.writer <> OLD.writer OR NEW.received_at <> OLD.received_at
    OR NEW.checklist_version <> OLD.checklist_version OR NEW.sha256 <> OLD.sha256 OR NEW.salt <> OLD.salt
    OR NEW.device IS NOT OLD.device OR NEW.signature IS NOT OLD.signature OR NEW.signed <> OLD.signed
    OR NEW.taken_in_by IS NOT OLD.taken_in_by OR NEW.number <> OLD.number OR NEW.revision IS NOT OLD.revision
BEGIN SELECT RAISE(ABORT, 'batches are only ever added'); END;
DROP TRIGGER photo_copies_no_delete;
CREATE TRIGGER photo_copies_no_delete BEFORE DELETE ON photo_copies
WHEN NOT EXISTS (SELECT 1 FROM erased_rows WHERE erased_rows.id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'copies of photos are only ever added'); END;
