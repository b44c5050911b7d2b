-- Slugs that counted as published before the first edition when that was approved, as JSON; NULL where the approval is of before this
-- step. What came since is neither in the edition nor before it.
ALTER TABLE approvals ADD COLUMN before_first TEXT;
