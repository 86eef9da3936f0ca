-- Why: what happened in a call is told to Segment after the call, and neither a restart nor an hour without
-- Segment may lose it. It also tells how long a caller waited for a person.
--
-- A row says that something of a call is still to be told, and when; what it says is read from the call itself,
-- so that a call that is deleted takes it along. The row goes once it was told.

CREATE TABLE tracking (
    call_sid      TEXT NOT NULL REFERENCES calls (call_sid) ON DELETE CASCADE,
    -- `leg` or `escalation`.
    event         TEXT NOT NULL,
    -- The session that an escalation was decided in; 0 for a leg, of which a call has one.
    session       BIGINT NOT NULL,
    made_at       BIGINT NOT NULL,
    due_at        BIGINT NOT NULL,
    -- The node that is telling it, until when others leave it alone.
    claimed_by    TEXT,
    claimed_until BIGINT NOT NULL,
    PRIMARY KEY (call_sid, event, session)
);

CREATE INDEX tracking_due_at ON tracking (due_at);

-- When a person took the call.
ALTER TABLE handoffs ADD COLUMN answered_at BIGINT;
