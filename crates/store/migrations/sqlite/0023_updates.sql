-- What the audiences of an incident have heard, as one versioned text; empty where it has none.
ALTER TABLE incident ADD COLUMN updates TEXT NOT NULL DEFAULT '';
