-- Why: who looks at a call wants to hear it, and a hand-off that is answered by another node links its recording.

ALTER TABLE calls ADD COLUMN recording_sid TEXT;
-- Where its sound is, once it is over.
ALTER TABLE calls ADD COLUMN recording_url TEXT;
-- `in-progress`, `completed`, `absent` or `failed`.
ALTER TABLE calls ADD COLUMN recording_state TEXT;
ALTER TABLE calls ADD COLUMN recording_seconds BIGINT;
