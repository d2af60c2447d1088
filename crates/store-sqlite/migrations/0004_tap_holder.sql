-- Who travels on the code of a tap: rider category, companions, product number (two bytes, the
-- high one first) and, where the code is a phone's, the first sixteen bytes of the phone's key.
-- NULL: one rider of the default category.
ALTER TABLE taps ADD COLUMN holder BLOB
    CHECK (holder IS NULL OR length(holder) IN (4, 20));
