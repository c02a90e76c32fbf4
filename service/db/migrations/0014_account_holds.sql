-- Legal holds on a customer's account: no visit with it is erased, nor one that is planned later. A row that names
-- another one in `ends` ends that hold.
CREATE TABLE account_holds (
    id BYTEA NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,          -- as accounts are compared
    at BIGINT NOT NULL,
    until_at BIGINT,                -- until when (ms UTC); NULL: until it is ended
    ends BYTEA UNIQUE REFERENCES account_holds (id),
    sha256 BYTEA NOT NULL,
    body BYTEA NOT NULL,            -- JSON: the account, by whom it is held or released, why, until when
    salt BYTEA NOT NULL
);
CREATE INDEX account_holds_account ON account_holds (account, at);
