-- What keeps a node from sending as it is configured to; a row goes when it does no longer.
CREATE TABLE troubles (
    node    TEXT   NOT NULL,
    trouble TEXT   NOT NULL CHECK (trouble IN ('slowed', 'unreachable', 'halted')),
    since   BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    told    TEXT   NOT NULL,
    PRIMARY KEY (node, trouble)
);
