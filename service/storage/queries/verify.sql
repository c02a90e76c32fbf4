-- name: without_leaf
-- What is kept and has no leaf; there should be none.
SELECT id FROM batches WHERE NOT EXISTS (SELECT 1 FROM leaves WHERE leaves.id = batches.id)
UNION ALL
SELECT id FROM visits WHERE NOT EXISTS (SELECT 1 FROM leaves WHERE leaves.id = visits.id)
UNION ALL
SELECT id FROM changes WHERE NOT EXISTS (SELECT 1 FROM leaves WHERE leaves.id = changes.id)
UNION ALL
SELECT id FROM lost WHERE NOT EXISTS (SELECT 1 FROM leaves WHERE leaves.id = lost.id)
UNION ALL
SELECT id FROM events WHERE NOT EXISTS (SELECT 1 FROM leaves WHERE leaves.id = events.id)
LIMIT 100;
