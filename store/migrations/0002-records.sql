-- Persons, what they are known by, and the versions of every record about them. Values are sealed; look-ups go by keyed hash.

create table person (
  id bigint generated always as identity primary key,
  merged_into bigint,                    -- flat: always the one that stays
  version int not null default 0,        -- raised by every change of identifiers or records; the leader's cache key
  routing_version int not null default 0,-- raised by custody, registration, restriction, merge, directory reload
  restricted boolean not null default false
) with (fillfactor = 60);
create index person_merged on person (merged_into) where merged_into is not null;

create table person_identifier (
  type smallint not null,
  hash bytea not null,                   -- keyed hash of type and value (and authority)
  person_id bigint not null,
  key_id smallint not null,
  value bytea not null,                  -- sealed
  status text,                           -- NHS number status 01-08, with where it came from in the sealed value
  since timestamptz not null default now(),
  primary key (type, hash)
);
create index person_identifier_person on person_identifier (person_id);

create table person_merge (
  id bigint generated always as identity primary key,
  from_person bigint not null,
  into_person bigint not null,
  message_id bigint not null,
  part smallint not null,
  at timestamptz not null default now(),
  undone_at timestamptz
);
create index person_merge_into on person_merge (into_person);

create table system (
  id int generated always as identity primary key,
  name text not null unique
);

create table record_item (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  person_id bigint not null,
  kind smallint not null,
  system_id int not null,
  state smallint not null,               -- 0 current, 1 ended, 2 cancelled, 3 error
  parent_id bigint,
  current_record bigint                  -- null = tombstone: a cancellation remembered before its original
) with (fillfactor = 80);
create index record_item_person on record_item (person_id, kind);
create index record_item_parent on record_item (parent_id) where parent_id is not null;

create table record_key (
  system_id int not null,
  kind smallint not null,
  scope bigint not null default 0,       -- 0 for the system, else the person or the parent item
  name text not null,
  value_hash bytea not null,
  item_id bigint not null,
  primary key (system_id, kind, scope, name, value_hash)
);
create index record_key_item on record_key (item_id);

create table record (
  id bigint generated always as identity primary key,
  item_id bigint not null,
  message_id bigint not null,
  part smallint not null,
  person_id bigint not null,
  kind smallint not null,
  mapping_version bytea not null,
  directory_version bytea not null,
  key_id smallint not null,
  body bytea not null,                   -- sealed CanonicalRecord
  at timestamptz not null default now()
);
alter table record alter body set storage external;
create index record_person on record (person_id, id);
create index record_item_version on record (item_id, id);

-- Routing evidence of one part of a message: every decision with its reason, sealed together.
create table decision (
  message_id bigint not null,
  part smallint not null,
  at timestamptz not null default now(),
  key_id smallint not null,
  body bytea not null,
  primary key (message_id, part)
) partition by range (message_id);
select ensure_partitions('decision', 0);

create table version (
  kind text not null,                    -- mapping, directory
  hash bytea not null,
  name text not null,
  key_id smallint not null,
  body bytea not null,                   -- sealed: the files it was made of
  first_seen timestamptz not null default now(),
  primary key (kind, hash)
);
