-- What a person decides about an edition while it goes out.

-- Editions that are stopped: nothing more of them is begun. No row: the edition goes out.
CREATE TABLE stops (
    edition_id BIGINT PRIMARY KEY REFERENCES editions (id),
    course     TEXT   NOT NULL CHECK (course IN ('paused', 'cancelled')),
    at         BIGINT NOT NULL,
    who        TEXT   NOT NULL,
    reason     TEXT
);

-- Every decision, for ever.
CREATE TABLE decisions (
    id         {id},
    edition_id BIGINT NOT NULL REFERENCES editions (id),
    course     TEXT   NOT NULL CHECK (course IN ('paused', 'resumed', 'cancelled')),
    at         BIGINT NOT NULL,
    who        TEXT   NOT NULL,
    reason     TEXT
);
CREATE INDEX decisions_by_edition ON decisions (edition_id, id);

-- How long the edition has been paused, in milliseconds: that time does not count towards giving up.
ALTER TABLE editions ADD COLUMN paused_for BIGINT NOT NULL DEFAULT 0;
