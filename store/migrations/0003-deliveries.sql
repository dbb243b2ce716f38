-- Lanes and deliveries. Lock order, always, ascending by id in each class: lease, person, lane, delivery, hold; destination last, alone.

create table destination (
  id int generated always as identity primary key,
  name text not null unique,
  transport text not null default '',
  dedupable boolean not null default false,
  advance_confirmed boolean not null default false,
  paused boolean not null default false,
  paused_why text,
  breaker_until timestamptz,
  breaker_fails int not null default 0
);

create table lane (
  id bigint generated always as identity primary key,
  destination_id int not null,
  person_id bigint not null,
  head bigint,
  phase smallint not null default 0,     -- 0 empty 1 due 2 sending 3 back-off 4 held 5 ambiguous 6 awaiting confirmation
  priority smallint not null default 3,  -- its head's
  since timestamptz,
  token bigint not null default 0,
  attempts int not null default 0,
  crashes smallint not null default 0,
  next_at timestamptz,
  claimed_by int,
  claimed_until timestamptz,
  blocked smallint not null default 0,   -- predecessors not yet drained
  closed boolean not null default false
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
create unique index lane_open on lane (destination_id, person_id) where not closed;
-- No other index on lane: one on head, phase or next_at would end HOT updates (four a delivery).

create table lane_link (
  before_lane bigint not null,
  after_lane bigint not null,
  primary key (before_lane, after_lane)
);
create index lane_link_after on lane_link (after_lane);

create sequence delivery_id cache 1;
create table delivery (
  id bigint not null,
  lane_id bigint not null,
  destination_id int not null,
  person_id bigint not null,
  message_id bigint not null,
  part smallint not null,
  item_id bigint,
  record_id bigint,
  state smallint not null default 0,     -- 0 waiting 1 handed over 2 confirmed 3 withdrawn
  withdrawn text,                        -- skipped, replaced, operator
  priority smallint not null default 3,
  role text not null,                    -- the route's `to`; a role is checked again at dispatch
  route text not null,
  transport_key text not null,
  decided_version int not null,          -- person.routing_version the decision stood on
  mapping_version bytea not null,
  directory_version bytea not null,
  content_type text not null,
  size int not null,
  filed timestamptz not null default now(),
  sent_first timestamptz,
  done timestamptz,
  confirmed timestamptz,
  receipt_code text,                     -- clear: AA, CA, 202, file
  primary key (id)
) partition by range (id);
create index delivery_pending on delivery (lane_id, id) where state = 0;
create index delivery_message on delivery (message_id);
create index delivery_transport_key on delivery (transport_key);

create table payload (
  delivery_id bigint not null,
  key_id smallint not null,
  form smallint not null default 0,      -- 0 = the bytes themselves, 1 = parts with content spliced in while sending
  body bytea not null,                   -- sealed
  primary key (delivery_id)
) partition by range (delivery_id);
alter table payload alter body set storage external;

create table attempt (
  id bigint generated always as identity primary key,
  delivery_id bigint not null,
  token bigint not null,
  at timestamptz not null default now(),
  daemon_id int,
  outcome smallint not null,
  code text not null,
  receipt_code text,
  sent_bytes boolean not null default false,
  key_id smallint,
  detail bytea                           -- sealed: the receiver's own words
);
create index attempt_delivery on attempt (delivery_id);

create table hold (
  id bigint generated always as identity primary key,
  reason text not null,
  message_id bigint,
  part smallint,
  delivery_id bigint,
  lane_id bigint,
  person_id bigint,
  rule text,                             -- file:line of the rule that asked for it
  source text,                           -- position in the message
  say text,                              -- the mapping author's words
  opened timestamptz not null default now(),
  due timestamptz,
  owner text,
  done text,                             -- released, withdrawn, replaced
  done_by text,
  done_at timestamptz,
  key_id smallint,
  why bytea                              -- sealed: the operator's reason
);
create unique index hold_open_delivery on hold (delivery_id) where done is null and delivery_id is not null;
create unique index hold_open_part on hold (message_id, part, reason) where done is null and delivery_id is null;
create index hold_worklist on hold (opened) where done is null;
create index hold_message on hold (message_id);

create table audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  who text not null,
  action text not null,
  subject text not null,                 -- delivery 12, hold 3, destination leeds-clinical
  key_id smallint not null,
  why bytea not null                     -- sealed
);

select ensure_partitions('delivery', 0), ensure_partitions('payload', 0);
