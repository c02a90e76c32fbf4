-- Times are ms UTC. Ids are UUIDs in 16 bytes. SQLite gives BYTEA the affinity NUMERIC, which leaves bytes as they are.

CREATE TABLE people (
    login TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    roles TEXT NOT NULL,            -- separated by spaces
    areas TEXT NOT NULL,            -- one a line
    password_hash TEXT,
    created_at BIGINT NOT NULL,
    left_at BIGINT,
    badge TEXT NOT NULL DEFAULT '', -- number on the ID card (工号)
    title TEXT NOT NULL DEFAULT '',
    photo BYTEA                     -- on the ID card, shown to customers: SHA-256 of a blob
);

CREATE TABLE tokens (
    digest BYTEA NOT NULL PRIMARY KEY,   -- SHA-256 of the token, which is not stored
    login TEXT NOT NULL REFERENCES people (login),
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    kind TEXT NOT NULL DEFAULT 'script',   -- script, session, device
    device BYTEA,
    used_at BIGINT   -- first and last use of a session or device, at most once a minute
);
CREATE INDEX tokens_login ON tokens (login);

CREATE TABLE checklists (
    id TEXT NOT NULL,
    version TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    body BYTEA NOT NULL,
    published_at BIGINT NOT NULL,
    published_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- The leaf of the log and its salt; NULL for versions older than the log.
    leaf BYTEA,
    salt BYTEA,
    PRIMARY KEY (id, version)
);

CREATE TABLE visits (
    id BYTEA NOT NULL PRIMARY KEY,
    sha256 BYTEA NOT NULL,
    body BYTEA NOT NULL,            -- the dispatcher's exact bytes
    type TEXT NOT NULL,
    technician TEXT NOT NULL,
    crew TEXT NOT NULL,             -- one login a line
    area TEXT NOT NULL,             -- '' when the visit has none
    checklist TEXT NOT NULL,
    checklist_version TEXT NOT NULL,
    window_from BIGINT,
    window_to BIGINT,
    planned_at BIGINT NOT NULL,     -- window_from, or created_at without a window; the order of lists
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    salt BYTEA NOT NULL
);
CREATE INDEX visits_planned ON visits (planned_at, id);
CREATE INDEX visits_area ON visits (area, planned_at, id);

-- Everything written about a visit: exact bytes, insert only.
CREATE TABLE batches (
    id BYTEA NOT NULL PRIMARY KEY,
    visit BYTEA NOT NULL REFERENCES visits (id),
    kind TEXT NOT NULL,             -- record, office
    writer TEXT NOT NULL,           -- login
    received_at BIGINT NOT NULL,
    checklist_version TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    body BYTEA NOT NULL,
    salt BYTEA NOT NULL,
    -- The device that sent a record, its signature over the exact bytes, and who imported it from a file.
    device BYTEA,
    signature BYTEA,
    signed TEXT NOT NULL DEFAULT 'none',   -- verified, wrong, none
    taken_in_by TEXT,
    -- The number is assigned under the visit's lock: the order of writing, independent of clocks. `revision`: how many
    -- changes of the visit came before; NULL for older batches, whose leaves commit to neither.
    number BIGINT NOT NULL DEFAULT 0,
    revision BIGINT
);
CREATE UNIQUE INDEX batches_visit ON batches (visit, number);

-- Rejected inputs of devices.
CREATE TABLE quarantine (
    id BYTEA NOT NULL PRIMARY KEY,
    device BYTEA NOT NULL,
    sha256 BYTEA NOT NULL,
    path_id TEXT NOT NULL,
    code TEXT NOT NULL,
    body BYTEA NOT NULL,
    received_at BIGINT NOT NULL,
    received_from TEXT NOT NULL,
    decision TEXT,
    decided_by TEXT,
    decided_at BIGINT,
    reason TEXT,
    -- The sender and signature, so that the input can be accepted later.
    sent_by BYTEA,   -- the device
    signature BYTEA,
    UNIQUE (device, sha256)
);
CREATE INDEX quarantine_received ON quarantine (received_at, id);

-- Who accessed what, and why.
CREATE TABLE access_log (
    id BYTEA NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX access_log_what ON access_log (what, at);

-- The log. A leaf is added without a number, in the transaction of its subject; the sequencer numbers it later.
CREATE TABLE log_leaves (
    id BYTEA NOT NULL PRIMARY KEY,
    leaf BYTEA NOT NULL,
    at BIGINT NOT NULL,
    number BIGINT
);
CREATE UNIQUE INDEX log_leaves_number ON log_leaves (number) WHERE number IS NOT NULL;

CREATE INDEX log_leaves_unnumbered ON log_leaves (at, id) WHERE number IS NULL;

CREATE INDEX tokens_device ON tokens (device) WHERE device IS NOT NULL;

CREATE TABLE devices (
    id BYTEA NOT NULL PRIMARY KEY,
    login TEXT NOT NULL REFERENCES people (login),
    name TEXT NOT NULL,
    public_key BYTEA,               -- P-256, SubjectPublicKeyInfo in DER
    created_at BIGINT NOT NULL,
    seen_at BIGINT,
    app TEXT NOT NULL DEFAULT '',   -- the app's version, as reported by it
    revoked_at BIGINT,
    revoked_by TEXT
);
CREATE INDEX devices_login ON devices (login, created_at);

-- One-time codes, each for one person: `enrolment` of a device, `invitation` to set a password.
CREATE TABLE one_time_codes (
    digest BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    login TEXT NOT NULL REFERENCES people (login),
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    -- The device that it enrolled, so that the phone may try again when the response was lost.
    device BYTEA
);
CREATE INDEX one_time_codes_login ON one_time_codes (login, kind);

-- Second factors. `step` is the last time step whose code was accepted, so that none is accepted twice.
CREATE TABLE totp_secrets (
    login TEXT NOT NULL PRIMARY KEY REFERENCES people (login),
    secret BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    step BIGINT NOT NULL DEFAULT 0
);

-- Counters of attempts. The key holds what was attempted, and a digest of by whom.
CREATE TABLE attempts (
    key TEXT NOT NULL PRIMARY KEY,
    since BIGINT NOT NULL,
    tries BIGINT NOT NULL
);
CREATE INDEX attempts_since ON attempts (since);

-- Changes of a visit, numbered from 1; the visit's row stays as it was planned.
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

-- The current plan and status of each visit, updated in every transaction that writes about it; it can be recomputed
-- from the other tables. Its row is the lock of the visit.
CREATE TABLE visit_summaries (
    visit BYTEA NOT NULL PRIMARY KEY REFERENCES visits (id),
    type TEXT NOT NULL,
    technician TEXT NOT NULL,
    crew TEXT NOT NULL,             -- one login a line
    area TEXT NOT NULL,
    planned_at BIGINT NOT NULL,
    state TEXT NOT NULL,            -- '' until computed
    flags TEXT NOT NULL,            -- separated by spaces
    verdict TEXT NOT NULL,          -- '' while nothing was done
    valid_until BIGINT,             -- when the verdict can change by itself
    revision BIGINT NOT NULL,       -- how many changes there are
    follows BYTEA,
    plan BYTEA NOT NULL             -- JSON: the plan with all changes
);
CREATE INDEX visit_summaries_planned ON visit_summaries (planned_at, visit);
CREATE INDEX visit_summaries_area ON visit_summaries (area, planned_at, visit);
CREATE INDEX visit_summaries_state ON visit_summaries (state, planned_at, visit);
CREATE INDEX visit_summaries_follows ON visit_summaries (follows) WHERE follows IS NOT NULL;

-- One counter for each technician; writers of an agenda lock its row, so that numbers become visible in order.
CREATE TABLE sync_counters (
    login TEXT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);

-- The latest number of each visit on the agenda of each technician who is or was assigned.
CREATE TABLE sync_feed (
    login TEXT NOT NULL,
    visit BYTEA NOT NULL REFERENCES visits (id),
    planned_at BIGINT NOT NULL,
    is_assigned BIGINT NOT NULL,    -- 0 after a hand-over
    active BIGINT NOT NULL,         -- 1 while the phone needs it, however old it is
    number BIGINT NOT NULL,
    PRIMARY KEY (login, visit)
);
CREATE INDEX sync_feed_planned ON sync_feed (login, planned_at, visit) WHERE is_assigned = 1;

CREATE UNIQUE INDEX sync_feed_number ON sync_feed (login, number);
CREATE INDEX sync_feed_active ON sync_feed (login, visit) WHERE active = 1;

-- Calendars: one secret address for each person; the token is not stored.
CREATE TABLE calendars (
    login TEXT NOT NULL PRIMARY KEY REFERENCES people (login),
    digest BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

-- Keys of the installation, created when first needed.
CREATE TABLE secrets (
    name TEXT NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);

-- The outbox: a message is added in the transaction of its subject, and delivered afterwards.
CREATE TABLE messages (
    id BYTEA NOT NULL PRIMARY KEY,
    visit BYTEA NOT NULL REFERENCES visits (id),
    about TEXT NOT NULL,            -- appointment, reschedule
    channel TEXT NOT NULL,          -- sms, wecom, email, file
    recipient TEXT NOT NULL,
    text TEXT NOT NULL,             -- as evidence, without the values of {link} and {word}
    placeholders BYTEA,             -- JSON: the values of {link} and {word}; null once the message is delivered
    entries BYTEA NOT NULL,         -- JSON: what its delivery proves
    sha256 BYTEA NOT NULL,          -- of what the dispatcher sent
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    give_up_at BIGINT NOT NULL,
    state TEXT NOT NULL,            -- waiting, delivered, refused, given_up, withdrawn
    tries BIGINT NOT NULL,
    next_at BIGINT,                 -- when the next attempt is due; while a worker has it, the end of its lease
    withdrawn_at BIGINT,            -- when a change of the visit outdated it, and the kind of that change
    withdrawn_because TEXT   -- window, technician, details, cancellation
);
CREATE INDEX messages_visit ON messages (visit, created_at, id);
CREATE INDEX messages_next ON messages (next_at, id) WHERE next_at IS NOT NULL;

-- Attempts to deliver messages.
CREATE TABLE deliveries (
    message BYTEA NOT NULL REFERENCES messages (id),
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    outcome TEXT NOT NULL,          -- delivered, failed, refused
    detail TEXT NOT NULL,
    PRIMARY KEY (message, number)
);

-- Customers' links. The token is not stored; a visit has one active link.
CREATE TABLE links (
    id BYTEA NOT NULL PRIMARY KEY,
    visit BYTEA NOT NULL REFERENCES visits (id),
    digest BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE UNIQUE INDEX links_living ON links (visit) WHERE ended_at IS NULL;

-- Door codes that a customer confirmed, each once.
CREATE TABLE door_confirmations (
    code BYTEA NOT NULL PRIMARY KEY,
    visit BYTEA NOT NULL REFERENCES visits (id),
    login TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX door_confirmations_visit ON door_confirmations (visit, at);

-- Files that entries name. `sender` is a login, or `visit ID` for what the customer sends.

-- Files that a sender has sent or is expected to send. Both sides lock the row, so that neither misses the other.
CREATE TABLE received_files (
    sha256 BYTEA NOT NULL,
    sender TEXT NOT NULL,
    sent_at BIGINT,
    PRIMARY KEY (sha256, sender)
);

-- The visits that name a file in a batch of its sender.
CREATE TABLE file_references (
    visit BYTEA NOT NULL REFERENCES visits (id),
    sha256 BYTEA NOT NULL,
    sender TEXT NOT NULL,
    PRIMARY KEY (visit, sha256, sender)
);
CREATE INDEX file_references_file ON file_references (sha256, sender);

-- Stored blobs. The bytes are in the store before the row is added.
CREATE TABLE blobs (
    sha256 BYTEA NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    kind TEXT NOT NULL,             -- media type, by content
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    stored_at BIGINT NOT NULL,
    -- 0: the picture was cut off before it was sent.
    whole BIGINT NOT NULL DEFAULT 1
);

-- Files of a record that a supervisor has given up.
CREATE TABLE given_up_files (
    id BYTEA NOT NULL PRIMARY KEY,
    visit BYTEA NOT NULL REFERENCES visits (id),
    record BYTEA NOT NULL,         -- id of its batch
    file BYTEA NOT NULL,            -- SHA-256
    at BIGINT NOT NULL,
    writer TEXT NOT NULL,           -- login
    sha256 BYTEA NOT NULL,
    body BYTEA NOT NULL,            -- JSON: record, file, writer, reason
    salt BYTEA NOT NULL,
    UNIQUE (record, file)
);
CREATE INDEX given_up_files_visit ON given_up_files (visit);

-- Events of people and devices, each with a leaf in the log.
CREATE TABLE events (
    id BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,             -- of its leaf: access, key
    at BIGINT NOT NULL,
    sha256 BYTEA NOT NULL,
    body BYTEA NOT NULL,            -- JSON: what, by whom, of whom
    salt BYTEA NOT NULL
);

-- Flagged visits are few.
CREATE INDEX visit_summaries_flagged ON visit_summaries (planned_at, visit) WHERE flags <> '';

-- Lists of one type.
CREATE INDEX visit_summaries_type ON visit_summaries (type, planned_at, visit);

-- The addresses (SHA-256) where a technician's phone or browser was used in the last day: a device at the same address
-- does not count as the customer's own.
CREATE TABLE sightings (
    login TEXT NOT NULL REFERENCES people (login),
    place BYTEA NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (login, place)
);

-- Files announced before they are put into the store. A row in `blobs` replaces the row here, so that the remaining ones
-- are left over; the sweeper deletes only these.
CREATE TABLE pending_blobs (
    sha256 BYTEA NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    leaving BIGINT NOT NULL         -- 1: the sweeper is deleting it, and it must not be stored meanwhile
);
CREATE INDEX pending_blobs_at ON pending_blobs (at);

CREATE TABLE link_otps (
    link BYTEA NOT NULL REFERENCES links (id),
    browser_id BYTEA NOT NULL,      -- SHA-256 of the browser's cookie, or of its address and user agent
    digest BYTEA NOT NULL,          -- the code itself is nowhere
    expires_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    passed_at BIGINT,
    passed_from BYTEA,              -- SHA-256 of the address that the right code came from
    PRIMARY KEY (link, browser_id)
);

-- Recent files of a sender are summed up when another arrives.
CREATE INDEX received_files_sent ON received_files (sender, sent_at) WHERE sent_at IS NOT NULL;

-- Undecided inputs are counted each time that one is added; decided ones stay forever.
CREATE INDEX quarantine_waiting ON quarantine (received_at, id) WHERE decision IS NULL;
