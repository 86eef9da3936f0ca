-- Why: a call names the version of the prompts it was held with, and the files go on changing.

CREATE TABLE prompt_versions (
    version      TEXT PRIMARY KEY,
    -- JSON: the files by name.
    files        TEXT NOT NULL,
    last_used_at BIGINT NOT NULL
);
