-- What a key must be able to show before anything is written with it: a sealed constant, or a keyed digest of one.
create table key_check (
  purpose text not null,                 -- seal, search, identity
  key_id smallint not null,
  proof bytea not null,
  primary key (purpose, key_id)
);

-- One row a flush of the journal, so that a daemon whose COMMIT went unanswered recognises its own flush when it runs it again.
-- Written in the flush's own transaction; the key makes a second run wait for the first and then fail. Kept for a day.
create table intake (
  daemon_id int not null,
  flush bigint not null,
  ids bigint[] not null,                 -- message ids in order of arrival
  outcomes smallint[],                   -- per message: 0 stored, 2 held, 3 rejected, 4 ignored, 5 duplicate; null = as asked for
  of bigint[],                           -- per message: what it duplicates
  at timestamptz not null default now(),
  primary key (daemon_id, flush)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
