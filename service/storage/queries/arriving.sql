-- name: announce_file!
-- Somebody is about to put a file into the store; no row while the sweep is just taking it out.
INSERT INTO arriving (sha256, at, leaving) VALUES (:sha256, :at, 0)
ON CONFLICT (sha256) DO UPDATE SET at = excluded.at WHERE arriving.leaving = 0;

-- name: condemn_file!
-- The sweep is about to take a file out of the store; no row when somebody may be just putting it there.
INSERT INTO arriving (sha256, at, leaving) VALUES (:sha256, :at, 1) ON CONFLICT DO NOTHING;

-- name: release_file!
DELETE FROM arriving WHERE sha256 = :sha256 AND leaving = 1;

-- name: forget_arrivals!
-- What was announced before :came_before has come or never will; a sweep that began before :left_before has ended.
DELETE FROM arriving WHERE (leaving = 0 AND at < :came_before) OR (leaving = 1 AND at < :left_before);

-- name: stored_between
SELECT sha256 FROM stored WHERE sha256 >= :first AND sha256 <= :last;
