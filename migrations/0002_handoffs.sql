-- Why: a hand-off that is certain must not be forgotten when the line drops or the process dies, and an
-- operator asks what became of it.

CREATE TABLE handoffs (
    handoff_id TEXT PRIMARY KEY,
    call_sid   TEXT NOT NULL REFERENCES calls (call_sid) ON DELETE CASCADE,
    -- The session that decided it.
    session    BIGINT NOT NULL,
    -- JSON, as docs/handoff.schema.json has it.
    document   TEXT NOT NULL,
    -- Where the call was sent last.
    target     TEXT,
    state      TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);

CREATE INDEX handoffs_call_sid ON handoffs (call_sid);
