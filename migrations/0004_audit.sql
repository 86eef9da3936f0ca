-- Why: whoever looked at a caller's number, took a call from the AI or deleted one has to be found later, also
-- when the call itself is gone. And what the number of a call is worth is asked by the person who takes it.

CREATE TABLE audit (
    audit_id TEXT PRIMARY KEY,
    at       BIGINT NOT NULL,
    -- `reveal`, `escalate`, `whisper` or `delete`.
    what     TEXT NOT NULL,
    call_sid TEXT NOT NULL,
    -- A session of the console, or the command line.
    source   TEXT NOT NULL
);

CREATE INDEX audit_at ON audit (at);

-- How the network vouches for the caller's number, in Twilio's words.
ALTER TABLE calls ADD COLUMN verified TEXT;

CREATE INDEX handoffs_decided_at ON handoffs (decided_at);
