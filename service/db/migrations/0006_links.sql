-- The links of a visit, for its history.
CREATE INDEX links_of_visit ON links (visit, created_at, id);
