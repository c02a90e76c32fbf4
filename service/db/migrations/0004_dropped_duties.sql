-- What is not done any more because a supervisor decided so: by whom (login) and why. Empty where it was done.
ALTER TABLE duties ADD COLUMN dropped_by TEXT NOT NULL DEFAULT '';
ALTER TABLE duties ADD COLUMN dropped_reason TEXT NOT NULL DEFAULT '';
