-- Lists of one type, as of one state or area.
CREATE INDEX board_type ON board (type, planned_at, visit);

-- Visits from before have no texts yet: the start makes their rows anew.
UPDATE board SET state = '';
