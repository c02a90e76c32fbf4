CREATE TRIGGER account_holds_no_update BEFORE UPDATE ON account_holds
BEGIN SELECT RAISE(ABORT, 'holds of accounts are only ever added'); END;
CREATE TRIGGER account_holds_no_delete BEFORE DELETE ON account_holds
WHEN NOT EXISTS (SELECT 1 FROM erased_rows WHERE erased_rows.id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'holds of accounts are only ever added'); END;
