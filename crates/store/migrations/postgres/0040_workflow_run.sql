-- Runs of workflows: what set each off, and what became of its steps.
CREATE TABLE workflow_run (
    id UUID PRIMARY KEY,
    workflow TEXT NOT NULL,
    incident_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    state TEXT NOT NULL,
    steps TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX workflow_run_workflow ON workflow_run (workflow, id);
CREATE INDEX workflow_run_incident ON workflow_run (incident_id, workflow, created_at);
