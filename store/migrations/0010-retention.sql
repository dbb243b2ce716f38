-- What the removal of old messages needs to know, and to find.

-- Content of attachments and summaries belongs to records and lasts; a body belongs to its messages and goes with the last of them.
alter table content add column lasting boolean not null default true;
create index message_content on message (content_id) where content_id is not null;

-- Answers still to be written, whatever the history.
create index reply_open on reply (filed) where sent_at is null and not given_up;
