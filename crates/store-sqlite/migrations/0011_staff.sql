-- Staff of the operator and their sessions. Explained in docs/DATA_MODEL.md; hashes of tokens only.

CREATE TABLE staff (
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    token_hash BLOB NOT NULL CHECK (length(token_hash) = 32),
    added_at   INTEGER NOT NULL,
    PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;
CREATE INDEX staff_by_token ON staff (token_hash);

CREATE TABLE staff_sessions (
    session_hash BLOB NOT NULL CHECK (length(session_hash) = 32),
    name         TEXT NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (session_hash)
) STRICT, WITHOUT ROWID;

-- An operator's page lists charges by day and days by their newest.
CREATE INDEX charges_by_day ON charges (service_day, account_id, revision);
