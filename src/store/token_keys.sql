-- Keys of signed links that give way to new ones.

-- Since when others may have the key: its links let readers leave, and do nothing else.
ALTER TABLE token_keys ADD COLUMN leaked_at BIGINT;

-- The key of the links in the edition's messages, at each attempt. (There was one key before this.)
ALTER TABLE editions ADD COLUMN token_key BIGINT NOT NULL DEFAULT 1;
