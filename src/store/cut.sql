-- How far the articles of `shortened` were cut, as JSON: {"beginnings", "highlights", "headlines", "left_out"}; without it, all
-- of them to their highlights.
ALTER TABLE editions ADD COLUMN cut TEXT;
ALTER TABLE approvals ADD COLUMN cut TEXT;
