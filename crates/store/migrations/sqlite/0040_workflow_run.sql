-- Runs of workflows: what set each off, and what became of its steps.
CREATE TABLE workflow_run (
    id BLOB PRIMARY KEY,
    workflow TEXT NOT NULL,
    incident_id BLOB NOT NULL,
    entry_id BLOB NOT NULL,
    state TEXT NOT NULL,
    steps TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;
CREATE INDEX workflow_run_workflow ON workflow_run (workflow, id);
CREATE INDEX workflow_run_incident ON workflow_run (incident_id, workflow, created_at);
