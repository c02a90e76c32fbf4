CREATE TRIGGER departures_no_update BEFORE UPDATE ON departures
BEGIN SELECT RAISE(ABORT, 'departures are only ever added'); END;
CREATE TRIGGER departures_no_delete BEFORE DELETE ON departures
BEGIN SELECT RAISE(ABORT, 'departures are only ever added'); END;
CREATE TRIGGER delivery_reports_no_update BEFORE UPDATE ON delivery_reports
BEGIN SELECT RAISE(ABORT, 'delivery reports are only ever added'); END;
CREATE TRIGGER delivery_reports_no_delete BEFORE DELETE ON delivery_reports
BEGIN SELECT RAISE(ABORT, 'delivery reports are only ever added'); END;
