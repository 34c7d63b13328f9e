-- How a chat stands that follows a schedule, as one versioned text.
CREATE TABLE on_call_mirror (
    schedule_id BLOB PRIMARY KEY,
    state TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
