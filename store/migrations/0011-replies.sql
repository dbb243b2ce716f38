-- Answers nobody has written yet: few, and looked for every few seconds among all there ever were.
create index reply_unsent on reply (filed) where sent_at is null and not given_up;
