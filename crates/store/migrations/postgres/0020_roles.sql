-- Who leads, who writes, who tests in an incident, as one versioned text; empty where nobody does.
ALTER TABLE incident ADD COLUMN roles TEXT NOT NULL DEFAULT '';
