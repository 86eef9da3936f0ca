-- Why: what a telephone number asked before it was pointed here has to be there when it is to be put back.

CREATE TABLE number_changes (
    change_id  TEXT PRIMARY KEY,
    number     TEXT NOT NULL,
    -- Milliseconds since 1970.
    changed_at BIGINT NOT NULL,
    -- The change as JSON: the number, what it asked before, and what it asks since.
    change     TEXT NOT NULL
);

CREATE INDEX number_changes_of_a_number ON number_changes (number, changed_at);
