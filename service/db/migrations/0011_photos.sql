-- The photo on somebody's ID card, which customers see at the door: SHA-256 of a stored file.
ALTER TABLE people ADD COLUMN photo BYTEA;
