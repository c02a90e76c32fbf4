-- Guards against mistakes: what was accepted never changes. (The log protects against the operator.)

CREATE TRIGGER batches_no_delete BEFORE DELETE ON batches
BEGIN SELECT RAISE(ABORT, 'batches are only ever added'); END;
CREATE TRIGGER visits_no_update BEFORE UPDATE ON visits
BEGIN SELECT RAISE(ABORT, 'visits are only ever added'); END;
CREATE TRIGGER visits_no_delete BEFORE DELETE ON visits
BEGIN SELECT RAISE(ABORT, 'visits are only ever added'); END;
CREATE TRIGGER checklists_no_update BEFORE UPDATE ON checklists
BEGIN SELECT RAISE(ABORT, 'checklists are only ever added'); END;
CREATE TRIGGER checklists_no_delete BEFORE DELETE ON checklists
BEGIN SELECT RAISE(ABORT, 'checklists are only ever added'); END;
CREATE TRIGGER access_log_no_update BEFORE UPDATE ON access_log
BEGIN SELECT RAISE(ABORT, 'access_log entries are only ever added'); END;
CREATE TRIGGER access_log_no_delete BEFORE DELETE ON access_log
BEGIN SELECT RAISE(ABORT, 'access_log entries are only ever added'); END;

-- The bytes of an input stay; only the decision about it is written.
CREATE TRIGGER quarantine_no_update BEFORE UPDATE OF id, device, sha256, path_id, code, body, received_at, received_from
ON quarantine
BEGIN SELECT RAISE(ABORT, 'quarantine bytes are only ever added'); END;

-- A leaf gets its number once.
CREATE TRIGGER log_leaves_no_update BEFORE UPDATE ON log_leaves
WHEN OLD.number IS NOT NULL OR NEW.id <> OLD.id OR NEW.leaf <> OLD.leaf OR NEW.at <> OLD.at
BEGIN SELECT RAISE(ABORT, 'log leaves are only ever added'); END;
CREATE TRIGGER log_leaves_no_delete BEFORE DELETE ON log_leaves
BEGIN SELECT RAISE(ABORT, 'log leaves are only ever added'); END;

-- The search index. WITHOUT ROWID halves its size.
CREATE TABLE search_tokens (
    token TEXT NOT NULL,
    visit BYTEA NOT NULL REFERENCES visits (id),
    PRIMARY KEY (token, visit)
) WITHOUT ROWID;
CREATE TRIGGER changes_no_update BEFORE UPDATE ON changes
BEGIN SELECT RAISE(ABORT, 'changes are only ever added'); END;
CREATE TRIGGER changes_no_delete BEFORE DELETE ON changes
BEGIN SELECT RAISE(ABORT, 'changes are only ever added'); END;
CREATE TRIGGER deliveries_no_update BEFORE UPDATE ON deliveries
BEGIN SELECT RAISE(ABORT, 'deliveries are only ever added'); END;
CREATE TRIGGER deliveries_no_delete BEFORE DELETE ON deliveries
BEGIN SELECT RAISE(ABORT, 'deliveries are only ever added'); END;
CREATE TRIGGER door_confirmations_no_update BEFORE UPDATE ON door_confirmations
BEGIN SELECT RAISE(ABORT, 'door confirmations are only ever added'); END;
CREATE TRIGGER door_confirmations_no_delete BEFORE DELETE ON door_confirmations
BEGIN SELECT RAISE(ABORT, 'door confirmations are only ever added'); END;
CREATE TRIGGER messages_no_update BEFORE UPDATE OF id, visit, about, channel, recipient, text, entries, sha256,
    created_at, created_by ON messages
BEGIN SELECT RAISE(ABORT, 'messages are only ever added'); END;
CREATE TRIGGER given_up_files_no_update BEFORE UPDATE ON given_up_files
BEGIN SELECT RAISE(ABORT, 'given-up files are only ever added'); END;
CREATE TRIGGER given_up_files_no_delete BEFORE DELETE ON given_up_files
BEGIN SELECT RAISE(ABORT, 'given-up files are only ever added'); END;
CREATE TRIGGER blobs_no_update BEFORE UPDATE ON blobs
BEGIN SELECT RAISE(ABORT, 'blobs are only ever added'); END;
CREATE TRIGGER blobs_no_delete BEFORE DELETE ON blobs
BEGIN SELECT RAISE(ABORT, 'blobs are only ever added'); END;
CREATE TRIGGER received_files_no_update BEFORE UPDATE ON received_files
WHEN OLD.sent_at IS NOT NULL AND NEW.sent_at IS NOT OLD.sent_at
BEGIN SELECT RAISE(ABORT, 'received files are only ever added'); END;
CREATE TRIGGER received_files_no_delete BEFORE DELETE ON received_files
BEGIN SELECT RAISE(ABORT, 'received files are only ever added'); END;
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are only ever added'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are only ever added'); END;

-- The normalized texts of visits, one a line. Not in visit_summaries, so that records do not rewrite them.
CREATE TABLE search_texts (
    visit BYTEA NOT NULL PRIMARY KEY REFERENCES visits (id),
    area TEXT NOT NULL,
    text TEXT NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER quarantine_no_new_sender BEFORE UPDATE OF sent_by, signature ON quarantine
BEGIN SELECT RAISE(ABORT, 'quarantine bytes are only ever added'); END;
CREATE TRIGGER batches_no_update BEFORE UPDATE ON batches
BEGIN SELECT RAISE(ABORT, 'batches are only ever added'); END;
