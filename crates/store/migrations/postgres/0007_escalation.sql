-- The clocks that run beside an incident's escalation, as one versioned text; empty where none runs.
ALTER TABLE incident ADD COLUMN clocks TEXT NOT NULL DEFAULT '';
