-- Staff of the operator and their sessions. Explained in docs/DATA_MODEL.md; hashes of tokens only.

CREATE TABLE staff (
    name       text NOT NULL,
    role       text NOT NULL,
    token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
    added_at   bigint NOT NULL,
    PRIMARY KEY (name)
);
CREATE INDEX staff_by_token ON staff (token_hash);

CREATE TABLE staff_sessions (
    session_hash bytea NOT NULL CHECK (length(session_hash) = 32),
    name         text NOT NULL,
    expires_at   bigint NOT NULL,
    PRIMARY KEY (session_hash)
);

-- An operator's page lists charges by day.
CREATE INDEX charges_by_day ON charges (service_day, account_id, revision);
