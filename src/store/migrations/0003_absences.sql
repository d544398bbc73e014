-- When the count of a `missing` was last raised: one absence that two processes see is one. Unknown for older rows.
ALTER TABLE directory_facts ADD COLUMN counted_at TEXT;
