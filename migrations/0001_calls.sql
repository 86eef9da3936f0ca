-- Why: a call leaves a record, and another process can take the conversation up where it stopped.
--
-- One row for each call, one for each turn, one for each run of a tool, one for each thing that led to a
-- person. Turns are named by session and place, so that what a node still writes after it lost a call stands
-- before what the next one writes, and never in its place. All times are milliseconds since 1970.

CREATE TABLE calls (
    call_sid    TEXT PRIMARY KEY,
    account_sid TEXT,
    direction   TEXT,
    -- Whom we talk with, and the number of ours.
    caller      TEXT,
    line        TEXT,
    language    TEXT,
    -- The version of the prompts that the call was begun with.
    prompts     TEXT,
    sessions    BIGINT NOT NULL,
    turns       BIGINT,
    outcome     TEXT,
    -- JSON: what the next session needs to know beside the turns.
    state       TEXT,
    began_at    BIGINT NOT NULL,
    ended_at    BIGINT
);

CREATE INDEX calls_began_at ON calls (began_at);
CREATE INDEX calls_caller ON calls (caller);

CREATE TABLE turns (
    call_sid       TEXT NOT NULL REFERENCES calls (call_sid) ON DELETE CASCADE,
    session        BIGINT NOT NULL,
    position       BIGINT NOT NULL,
    who            TEXT NOT NULL,
    text           TEXT NOT NULL,
    -- How many characters of the text were heard.
    heard          BIGINT NOT NULL,
    -- 1 where the caller cut it off, else 0.
    interrupted    BIGINT NOT NULL,
    began_at       BIGINT NOT NULL,
    first_delta_at BIGINT,
    first_frame_at BIGINT,
    speaking_at    BIGINT,
    finished_at    BIGINT,
    heard_at       BIGINT,
    PRIMARY KEY (call_sid, session, position)
);

CREATE TABLE tool_runs (
    call_sid  TEXT NOT NULL REFERENCES calls (call_sid) ON DELETE CASCADE,
    session   BIGINT NOT NULL,
    position  BIGINT NOT NULL,
    -- Its place among the tools that were asked for after the same turn.
    place     BIGINT NOT NULL,
    -- The model's name for the run.
    run_id    TEXT NOT NULL,
    name      TEXT NOT NULL,
    -- Replaced where the tool's manifest says `secure`, which is 1 then, else 0.
    arguments TEXT NOT NULL,
    secure    BIGINT NOT NULL,
    result    TEXT,
    began_at  BIGINT NOT NULL,
    ended_at  BIGINT,
    PRIMARY KEY (call_sid, session, position, place)
);

CREATE TABLE triggers (
    call_sid    TEXT NOT NULL REFERENCES calls (call_sid) ON DELETE CASCADE,
    session     BIGINT NOT NULL,
    name        TEXT NOT NULL,
    happened_at BIGINT NOT NULL,
    PRIMARY KEY (call_sid, session, name)
);

-- A call that was deleted while it went on must not come back with the next thing that happens in it.
CREATE TABLE deleted_calls (
    call_sid   TEXT PRIMARY KEY,
    deleted_at BIGINT NOT NULL
);
