-- The journal: what came in, byte for byte (sealed), and what became of it. Rows are written once; state lives in narrow rows.

create table source (
  id int generated always as identity primary key,
  name text not null unique
);

create table daemon (
  id int generated always as identity primary key,
  boot uuid not null unique,
  host text not null,
  pid int not null,
  started timestamptz not null default now(),
  seen timestamptz not null default now(),
  stopped timestamptz
);

create table lease (
  name text primary key,
  holder int,
  token bigint not null default 0,
  until timestamptz not null default '-infinity'
);
insert into lease (name) values ('process'), ('reconcile'), ('maintain');

-- Content: bodies and attachments above the inline size, in sealed chunks. `digest` names it (keyed, see ContentName).
create table content (
  id bigint generated always as identity primary key,
  digest bytea unique,
  size bigint not null default 0,
  chunks int not null default 0,
  key_id smallint not null,
  created timestamptz not null default now(),
  complete boolean not null default false
);
create table content_chunk (
  content_id bigint not null,
  n int not null,
  body bytea not null,
  primary key (content_id, n)
);
alter table content_chunk alter body set storage external;

create sequence message_id cache 1;
create table message (
  id bigint not null,
  source_id int not null,
  received timestamptz not null default now(),
  control_id text,                       -- clear, or keyed hash where the source says controlId: hashed
  sender text not null default '',
  type text,                             -- ADT^A01
  digest bytea not null,                 -- HMAC-SHA-256 under the identity key
  size int not null,
  key_id smallint not null,
  body bytea,                            -- sealed, up to the inline size; null = content_id, or a duplicate
  content_id bigint,
  duplicate_of bigint,
  meta bytea,                            -- sealed: source file name, character set found, connection
  answer smallint not null default 0,    -- 0 original; bit 1 application answer asked (MSH-16)
  primary key (id)
) partition by range (id);
alter table message alter body set storage external;

create table message_key (
  source_id int not null,
  sender text not null default '',
  control_id text not null,
  variant smallint not null default 0,
  digest bytea not null,
  message_id bigint not null,
  received timestamptz not null default now(),
  primary key (source_id, sender, control_id, variant)
);

create table message_todo (
  message_id bigint primary key,
  source_id int not null,
  tries smallint not null default 0,     -- processing attempts that ended the daemon or the batch
  again boolean not null default false   -- released from a hold: only its held parts run
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

create table message_outcome (
  message_id bigint not null,
  source_id int not null,
  day date not null,                     -- the day received, UTC
  outcome smallint not null,
  reason text,
  rule text,                             -- the mapping or route rule that decided it
  parts smallint not null default 1,
  deliveries smallint not null default 0,
  at timestamptz not null default now(),
  primary key (message_id)
) partition by range (message_id);

create table message_part (
  message_id bigint not null,
  part smallint not null,
  person_id bigint,
  outcome smallint not null,
  reason text,
  rule text,
  deliveries smallint not null default 0,
  primary key (message_id, part)
) partition by range (message_id);
create index message_part_person on message_part (person_id, message_id);

create table issue (
  message_id bigint not null,
  part smallint not null,
  n smallint not null,
  code text not null,
  rule text not null,
  target text not null,
  source text,
  primary key (message_id, part, n)
) partition by range (message_id);

-- Later application answers (enhanced mode), filed by the leader, written by the daemon that holds the connection.
create table reply (
  message_id bigint primary key,
  code text not null,
  key_id smallint not null,
  body bytea not null,
  filed timestamptz not null default now(),
  sent_at timestamptz,
  given_up boolean not null default false
);

-- Partitions of a million ids; three ahead.
create function ensure_partitions(parent regclass, last bigint, width bigint default 1000000, ahead int default 3) returns void
language plpgsql as $$
declare
  n bigint;
  name text;
begin
  for n in select generate_series(last / width, last / width + ahead) loop
    name := format('%s_p%s', parent::text, n);
    if to_regclass(name) is null then
      execute format('create table %I partition of %s for values from (%s) to (%s)', name, parent, n * width, (n + 1) * width);
    end if;
  end loop;
end $$;

select ensure_partitions('message', 0), ensure_partitions('message_outcome', 0), ensure_partitions('message_part', 0), ensure_partitions('issue', 0);
