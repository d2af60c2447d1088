-- Answers to requests with an idempotency key, for a day. Explained in docs/DATA_MODEL.md.

CREATE TABLE kept_answers (
    key_hash    bytea NOT NULL CHECK (length(key_hash) = 32),
    fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
    status      bigint,
    body        bytea,
    over_at     bigint NOT NULL,
    PRIMARY KEY (key_hash),
    CHECK ((status IS NULL) = (body IS NULL))
);
CREATE INDEX kept_answers_over ON kept_answers (over_at);
