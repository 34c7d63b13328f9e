-- The impact of an incident, as one versioned text; empty where nothing is known of it.
ALTER TABLE incident ADD COLUMN impact TEXT NOT NULL DEFAULT '';
