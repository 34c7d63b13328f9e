-- The clocks that run beside an incident's escalation, as one versioned text; empty where none runs.
ALTER TABLE incident ADD COLUMN clocks TEXT NOT NULL DEFAULT '';

-- Who had the last turn of each team whose members take turns.
CREATE TABLE escalation_turn (
    team_id BLOB PRIMARY KEY,
    user_id BLOB NOT NULL
) STRICT, WITHOUT ROWID;
