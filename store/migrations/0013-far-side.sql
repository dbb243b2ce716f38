-- What the far side calls a delivery, and what it said of it after it had taken it (MESH). Only destinations that have ids of their own for
-- what they take have rows here; they go with their deliveries. Locked after the lane and the delivery, before holds.

-- delivery.state has one value more: 4 in question, that is handed over, and held since beside its lane: the far side says that it went
-- wrong, or says nothing. It blocks nobody; released it is filed anew at the end of its lane.
alter table delivery add column resend_of bigint;

-- One row for each send: a delivery that is released after a hold has another. far_id is null until the far side has given one.
create table far_message (
  id bigint generated always as identity primary key,
  delivery_id bigint not null,
  destination_id int not null,
  far_id text,
  present boolean not null default true,   -- the send that counts; the ones before it are kept for what is said of them late
  watched boolean not null default false,  -- more is waited for
  noted timestamptz not null default now(),
  accepted timestamptz,
  next_look timestamptz,                   -- when the far side may be asked about it again
  looks smallint not null default 0,
  unsettled boolean not null default false -- something was said of it before the hand-over was filed
);
create unique index far_message_present on far_message (delivery_id) where present;
create index far_message_delivery on far_message (delivery_id);
create index far_message_far_id on far_message (far_id) where far_id is not null;
create index far_message_watched on far_message (destination_id, accepted) where watched;
create index far_message_unsettled on far_message (destination_id) where unsettled;

create table receipt (
  id bigint generated always as identity primary key,
  delivery_id bigint not null,
  far_id text not null default '',         -- the send it is about, where the far side named it
  stage smallint not null,                 -- 1 accepted 2 downloaded 3 reported 4 business
  reference text not null default '',
  good boolean not null,
  code text not null,                      -- the far side's own, clear: 14, EPL-153, acknowledged
  fault text,
  at timestamptz,                          -- as the far side says
  noted timestamptz not null default now(),
  message_id bigint,                       -- that brought it
  key_id smallint,
  words bytea                              -- sealed: the far side's own
);
create unique index receipt_once on receipt (delivery_id, far_id, stage, reference, good);

insert into lease (name) values ('far-side') on conflict do nothing;

-- The far side's id of what is being sent, before anything more is sent. False where the claim is another's.
create function far_note(p_lane bigint, p_delivery bigint, p_token bigint, p_destination int, p_far text) returns boolean
language plpgsql set jit = off
as $$
begin
  perform 1 from lane l where l.id = p_lane and l.head = p_delivery and l.token = p_token and l.phase in (2, 5) for no key update;
  if not found then return false; end if;
  update far_message f set present = false, watched = false where f.delivery_id = p_delivery and f.present and f.far_id <> p_far;
  insert into far_message (delivery_id, destination_id, far_id) values (p_delivery, p_destination, p_far)
    on conflict (delivery_id) where present do update set far_id = excluded.far_id;
  return true;
end $$;

-- lane_turn for such destinations: what was handed over is watched from then on, and accepting it is its first receipt where the far side
-- gave an id (a pair put into a folder is accepted later, by its client). What was asked
-- about and never arrived has no send any more.
create function lane_turn_far(
  p_destination int, p_daemon int, p_ttl_ms float8, p_first_ms float8, p_most_ms float8, p_factor float8, p_asks int, p_again boolean,
  d_lane bigint[], d_delivery bigint[], d_token bigint[], d_confirmed boolean[], d_receipt text[], p_failures jsonb,
  c_lane bigint[], c_delivery bigint[], p_next int, p_probe boolean, d_far text[]
) returns table (what smallint, lane bigint, delivery bigint, token bigint, priority smallint, extra bigint)
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
#variable_conflict use_column
begin
  return query select * from lane_turn(p_destination, p_daemon, p_ttl_ms, p_first_ms, p_most_ms, p_factor, p_asks, p_again,
    d_lane, d_delivery, d_token, d_confirmed, d_receipt, p_failures, c_lane, c_delivery, p_next, p_probe);
  -- Handed over in this transaction: what came too late, or comes a second time, was done at another.
  insert into far_message as f (delivery_id, destination_id, far_id, watched, accepted, next_look)
    select t.id, p_destination, t.far, d.state = 1, now(), now()
    from unnest(d_delivery, d_far) t(id, far) join delivery d on d.id = t.id
    where d.done = now() and d.state in (1, 2)
    on conflict (delivery_id) where present do update
      set far_id = coalesce(excluded.far_id, f.far_id), watched = excluded.watched, accepted = excluded.accepted, next_look = excluded.next_look;
  insert into receipt (delivery_id, far_id, stage, good, code)
    select t.id, coalesce(f.far_id, ''), 1, true, t.code
    from unnest(d_delivery, d_receipt) t(id, code) join delivery d on d.id = t.id join far_message f on f.delivery_id = t.id and f.present
    where d.done = now() and d.state in (1, 2) and f.far_id is not null
    on conflict do nothing;
  if p_failures is not null then
    update far_message f set present = false, watched = false
      from jsonb_to_recordset(p_failures) t(lane bigint, delivery bigint, token bigint, kind text)
      join lane l on l.id = t.lane and l.head = t.delivery and l.token = t.token + 1 and l.phase = 1
      where t.kind = 'unsent' and f.delivery_id = t.delivery and f.present;
  end if;
end $$;

-- Holds a delivery that had been handed over: at the head of its lane where that waited for the confirmation, else beside it, where it
-- blocks nobody. Lane and delivery are locked. A hold that a late receipt explains takes that reason. Returns true where it is held anew.
create function far_hold(p_delivery bigint, p_reason text, p_beside boolean) returns boolean
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
declare
  v_lane bigint;
begin
  select l.id into v_lane from delivery d join lane l on l.id = d.lane_id and l.head = d.id and l.phase = 6 where d.id = p_delivery and d.state = 1;
  if v_lane is not null then
    update delivery d set state = 0, done = null, receipt_code = null where d.id = p_delivery;
    return lane_hold(v_lane, p_delivery, p_reason) is not null;
  end if;
  if not p_beside then return false; end if;
  update delivery d set state = 4, confirmed = null where d.id = p_delivery and d.state in (1, 2);
  if not found then
    update hold h set reason = p_reason
      from delivery d
      where d.id = p_delivery and d.state = 4 and h.delivery_id = d.id and h.done is null and h.reason in ('not-collected', 'not-acknowledged');
    return false;
  end if;
  insert into hold (reason, message_id, part, delivery_id, person_id)
    select p_reason, d.message_id, d.part, d.id, d.person_id from delivery d where d.id = p_delivery
    on conflict (delivery_id) where done is null and delivery_id is not null do nothing;
  return true;
end $$;

-- As before, and: what was released because its address was wrong (decided_version below 0) is written anew before it is sent.
create or replace function lane_load(p_deliveries bigint[], p_roles text[]) returns table (
  delivery bigint, destination int, person bigint, message bigint, part smallint, item bigint, record bigint, role text, route text,
  transport_key text, content_type text, size int, decided int, stale boolean, movable boolean,
  seal text)
language plpgsql stable
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off set plan_cache_mode = force_generic_plan
as $$
begin
  return query
    select d.id, d.destination_id, coalesce(r.merged_into, r.id), d.message_id, d.part, d.item_id, d.record_id, d.role, d.route,
      d.transport_key, d.content_type, d.size, d.decided_version,
      d.decided_version < 0 or r.merged_into is not null or r.routing_version <> d.decided_version and (d.role = any(p_roles) or exists (
        select 1 from person_merge m
        where (m.into_person = r.id or m.into_person in (select o.id from person o where o.merged_into = r.id))
          and m.at <= d.filed and m.undone_at >= d.filed)),
      d.sent_first is null or not exists (select 1 from attempt a where a.delivery_id = d.id and a.sent_bytes and a.receipt_code is null),
      encode(substring(p.body for 12), 'base64')
    from unnest(p_deliveries) t(id)
    join delivery d on d.id = t.id
    join payload p on p.delivery_id = t.id
    join person r on r.id = d.person_id;
end $$;
