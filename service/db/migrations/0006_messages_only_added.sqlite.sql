-- A guard against slips, as for the rest.
CREATE TRIGGER deliveries_no_update BEFORE UPDATE ON deliveries
BEGIN SELECT RAISE(ABORT, 'deliveries are only ever added'); END;
CREATE TRIGGER deliveries_no_delete BEFORE DELETE ON deliveries
BEGIN SELECT RAISE(ABORT, 'deliveries are only ever added'); END;
CREATE TRIGGER scans_no_update BEFORE UPDATE ON scans
BEGIN SELECT RAISE(ABORT, 'scans are only ever added'); END;
CREATE TRIGGER scans_no_delete BEFORE DELETE ON scans
BEGIN SELECT RAISE(ABORT, 'scans are only ever added'); END;
CREATE TRIGGER messages_no_update BEFORE UPDATE OF id, visit, about, channel, recipient, text, entries, sha256,
    created_at, created_by ON messages
BEGIN SELECT RAISE(ABORT, 'messages are only ever added'); END;
