-- Write-offs, and finding open payments. Explained in docs/DATA_MODEL.md.

-- What two persons have given up of a payment.
ALTER TABLE payments ADD COLUMN written_off_minor INTEGER NOT NULL DEFAULT 0
    CHECK (written_off_minor BETWEEN 0 AND amount_minor);

-- A sweep reads the payments that are not done, and those made on some days: not all there are.
CREATE INDEX payments_open ON payments (account_id, payment_id) WHERE stage <> 'paid';
CREATE INDEX payments_made ON payments (made_at, payment_id);
