-- Why: of two variants of the prompts that run side by side somebody wants to know which does better.

-- The variant that the call was begun with, `base` without one. `prompts` is its version, over the tools as well.
ALTER TABLE calls ADD COLUMN prompt_variant TEXT;
