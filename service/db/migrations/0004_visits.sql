-- The life of a visit: what was changed, how it stands now, whose phone shows it, what it is found by. Times are ms UTC.

-- Changes of a visit, numbered from 1: the visit's row itself stays as it was planned.
CREATE TABLE changes (
    id BYTEA NOT NULL PRIMARY KEY,
    visit BYTEA NOT NULL REFERENCES visits (id),
    number BIGINT NOT NULL,
    kind TEXT NOT NULL,             -- window, technician, details, due, cancellation
    at BIGINT NOT NULL,
    writer TEXT NOT NULL,           -- login
    sha256 BYTEA NOT NULL,
    body BYTEA NOT NULL,            -- exact bytes
    salt BYTEA NOT NULL,
    UNIQUE (visit, number)
);

-- How each visit stands now: rewritten in the transaction of whatever changes it, and made anew from the rest by
-- `doorstep`. Writers of one visit wait for one another at its row.
CREATE TABLE board (
    visit BYTEA NOT NULL PRIMARY KEY REFERENCES visits (id),
    type TEXT NOT NULL,
    technician TEXT NOT NULL,
    crew TEXT NOT NULL,             -- one login a line
    area TEXT NOT NULL,
    planned_at BIGINT NOT NULL,
    state TEXT NOT NULL,            -- '' until it was worked out
    flags TEXT NOT NULL,            -- separated by spaces
    verdict TEXT NOT NULL,          -- '' while nothing was done
    until BIGINT,                   -- when the verdict can change by itself
    revision BIGINT NOT NULL,       -- how many changes there are
    follows BYTEA,
    plan BYTEA NOT NULL             -- JSON: the plan with all changes
);
CREATE INDEX board_planned ON board (planned_at, visit);
CREATE INDEX board_area ON board (area, planned_at, visit);
CREATE INDEX board_state ON board (state, planned_at, visit);
CREATE INDEX board_follows ON board (follows) WHERE follows IS NOT NULL;

-- One counter a technician; its row makes the writers of his agenda take turns, so that numbers appear in order.
CREATE TABLE feeds (
    login TEXT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);

-- Who goes or went: the newest number of each visit on somebody's agenda.
CREATE TABLE feed (
    login TEXT NOT NULL,
    visit BYTEA NOT NULL REFERENCES visits (id),
    planned_at BIGINT NOT NULL,
    his BIGINT NOT NULL,            -- 0 after a hand-over
    live BIGINT NOT NULL,           -- 1 while his phone needs it, however old it is
    number BIGINT NOT NULL,
    PRIMARY KEY (login, visit)
);
CREATE INDEX feed_planned ON feed (login, planned_at, visit) WHERE his = 1;
CREATE UNIQUE INDEX feed_number ON feed (login, number);
CREATE INDEX feed_live ON feed (login, visit) WHERE live = 1;

-- Calendars: one secret address a person; the token itself is nowhere.
CREATE TABLE calendars (
    login TEXT NOT NULL PRIMARY KEY REFERENCES people (login),
    digest BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

INSERT INTO board (visit, type, technician, crew, area, planned_at, state, flags, verdict, revision, plan)
SELECT id, type, technician, crew, area, planned_at, '', '', '', 0, body FROM visits;

INSERT INTO feed (login, visit, planned_at, his, live, number)
SELECT login, visit, planned_at, 1, 1, row_number() OVER (PARTITION BY login ORDER BY planned_at, visit)
FROM assignments;

INSERT INTO feeds (login, last) SELECT login, max(number) FROM feed GROUP BY login;

DROP TABLE assignments;
