-- Days that cannot be settled or charged, each with what is wrong. A row goes when its day was settled
-- without a fault. Explained in docs/DATA_MODEL.md.
CREATE TABLE day_faults (
    account_id  bytea NOT NULL CHECK (length(account_id) = 16),
    service_day integer NOT NULL,
    because     text NOT NULL,
    at          bigint NOT NULL,
    PRIMARY KEY (account_id, service_day)
);
CREATE INDEX day_faults_in_order ON day_faults (service_day, account_id);
