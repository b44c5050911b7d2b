-- When an operator took a reader off the list, and who; it is the last that happened while changed_at says the same.
ALTER TABLE subscribers ADD COLUMN removed_at BIGINT;
ALTER TABLE subscribers ADD COLUMN removed_by TEXT;
