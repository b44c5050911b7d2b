-- What tells a reader from another who had the same number: numbers come back when a backup is restored. Set when the row is
-- made, and never again; 0 in rows of before, whose links carry the number alone.
ALTER TABLE subscribers ADD COLUMN birthmark BIGINT NOT NULL DEFAULT 0;
