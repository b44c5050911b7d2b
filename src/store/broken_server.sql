-- That one of several servers behind a name is broken is a trouble, too.
CREATE TABLE all_troubles (
    node    TEXT   NOT NULL,
    trouble TEXT   NOT NULL CHECK (trouble IN ('slowed', 'unreachable', 'halted', 'broken')),
    since   BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    told    TEXT   NOT NULL,
    PRIMARY KEY (node, trouble)
);
INSERT INTO all_troubles (node, trouble, since, seen_at, told) SELECT node, trouble, since, seen_at, told FROM troubles;
DROP TABLE troubles;
ALTER TABLE all_troubles RENAME TO troubles;
