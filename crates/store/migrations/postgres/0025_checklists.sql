-- What people ticked in the checklists of an incident, as one versioned text; empty where nothing was.
ALTER TABLE incident ADD COLUMN checklist TEXT NOT NULL DEFAULT '';
