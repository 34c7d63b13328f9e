-- How a chat stands that follows a schedule, as one versioned text.
CREATE TABLE on_call_mirror (
    schedule_id UUID PRIMARY KEY,
    state TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
