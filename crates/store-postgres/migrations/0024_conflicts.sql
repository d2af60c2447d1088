-- Conflicting records of a device beyond those that record_conflicts keeps: how often one came.
-- Explained in docs/DATA_MODEL.md.
CREATE TABLE conflict_counts (
    device_id bytea NOT NULL,
    more      bigint NOT NULL,
    PRIMARY KEY (device_id)
);
