-- Several nodes on one PostgreSQL. With SQLite there is one sender, and these stay empty.

-- Who may send. A row is a lease: whoever is in here is alive, and recovery takes out those whose lease is over.
CREATE TABLE nodes (
    owner       TEXT   PRIMARY KEY,
    lease_until BIGINT NOT NULL          -- by the clock of the server, which all nodes share
);

ALTER TABLE letters ADD COLUMN owner TEXT;

-- Rates that hold across nodes: until when each is taken, in microseconds by the clock of the server.
CREATE TABLE rates (
    bucket  TEXT   PRIMARY KEY,
    next_at BIGINT NOT NULL
);
