-- What the delivery leg does to lanes, one round trip each. A volatile plpgsql function reads with a new snapshot in every
-- statement, so "lock in one statement, read in the next" holds inside it as well.
-- The planner settings pin index plans: a plan made while a table was empty would be kept for the life of the session.

alter table lane add column asks smallint not null default 0;          -- times the far side was asked about an unknown outcome
create index delivery_item on delivery (item_id, destination_id) where item_id is not null;

-- The lanes that may change when these end: what waits behind them, and, through lanes already empty, what waits behind that.
create function lane_behind(p_lanes bigint[]) returns bigint[]
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off set plan_cache_mode = force_generic_plan
as $$
begin
  return (
    with recursive behind(id, passes) as (
      select t.id, true from unnest(p_lanes) t(id)
      union
      select l.id, l.closed and l.head is null from behind b join lane_link k on k.before_lane = b.id join lane l on l.id = k.after_lane where b.passes
    )
    select array_agg(distinct b.id) from behind b);
end $$;

-- Locks these lanes and those behind them, ascending by id; successors have larger ids, so the order holds. What waits behind may
-- have changed while we waited for a lock: then the whole transaction is run again.
create function lane_lock(p_lanes bigint[]) returns bigint[]
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off set plan_cache_mode = force_generic_plan
as $$
declare
  v_all bigint[] := p_lanes;
  v_linked boolean := exists (select 1 from unnest(p_lanes) t(id) join lane_link k on k.before_lane = t.id);
begin
  if v_linked then v_all := lane_behind(p_lanes); end if;
  perform 1 from lane l where l.id = any (v_all) order by l.id for update;
  if v_linked or exists (select 1 from unnest(p_lanes) t(id) join lane_link k on k.before_lane = t.id) then
    if not lane_behind(p_lanes) <@ v_all then
      raise exception 'lanes were linked meanwhile' using errcode = '40001';
    end if;
  end if;
  return v_all;
end $$;

-- Lets go what waits behind closed lanes that have run empty. Returns the heads that became free. Lanes are locked.
create function lane_drain(p_lanes bigint[]) returns table (lane bigint, delivery bigint, priority smallint)
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off set plan_cache_mode = force_generic_plan
as $$
declare
  v_dry bigint[];
  v_freed bigint[];
begin
  loop
    select array_agg(l.id) into v_dry from unnest(p_lanes) t(id) join lane l on l.id = t.id
      where l.closed and l.head is null and l.blocked = 0 and exists (select 1 from lane_link k where k.before_lane = l.id);
    exit when v_dry is null;
    with gone as (delete from lane_link k where k.before_lane = any (v_dry) returning k.after_lane),
         lowered as (select g.after_lane, count(*) n from gone g group by g.after_lane),
         done as (
           update lane l set blocked = l.blocked - w.n, since = now() from lowered w where l.id = w.after_lane
           returning l.id, l.blocked)
    select array_agg(d.id) into v_freed from done d where d.blocked = 0;
    return query select l.id, l.head, l.priority from unnest(v_freed) t(id) join lane l on l.id = t.id where l.head is not null and l.phase = 1;
  end loop;
end $$;

-- The heads of these (locked) lanes are done with: the next waiting delivery moves up. Ids rise within a lane, so what is
-- behind the old head has a larger id. Returns the heads that may be sent now, those of freed successors included.
create function lane_advance(p_lanes bigint[], p_heads bigint[], p_all bigint[]) returns table (lane bigint, delivery bigint, priority smallint)
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off set plan_cache_mode = force_generic_plan
as $$
begin
  return query
    with up as (
      update lane l
      set head = x.next, phase = case when x.next is null then 0 else 1 end, priority = coalesce(x.priority, 3),
          since = now(), token = l.token + 1,
          attempts = 0, crashes = 0, asks = 0, next_at = null, claimed_by = null, claimed_until = null
      from (
        select t.lane, n.id as next, n.priority
        from unnest(p_lanes, p_heads) t(lane, head)
        left join lateral (
          select d.id, d.priority from delivery d where d.lane_id = t.lane and d.state = 0 and d.id > t.head order by d.id limit 1
        ) n on true
      ) x
      where l.id = x.lane
      returning l.id, l.head, l.priority, l.blocked
    )
    select u.id, u.head, u.priority from up u where u.head is not null and u.blocked = 0;
  if exists (select 1 from unnest(p_all) t(id) join lane l on l.id = t.id where l.closed) then
    return query select * from lane_drain(p_all);
  end if;
end $$;

-- Files deliveries on the lanes of their persons, in input order within a lane. Delivery ids are drawn after the lanes are
-- locked, so id order within a lane is commit order.
create function lane_file(
  p_destination int[], p_person bigint[], p_message bigint[], p_part smallint[], p_item bigint[], p_record bigint[],
  p_priority smallint[], p_role text[], p_route text[], p_key text[], p_decided int[], p_mapping text[], p_directory text[],
  p_type text[], p_size int[], p_key_id smallint[], p_form smallint[], p_body bytea[]
) returns table (lane bigint, delivery bigint, destination int, priority smallint, size int)
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off set plan_cache_mode = force_generic_plan
as $$
declare
  v_wanted int;
  v_locked int;
  v_ids bigint[];
begin
  insert into lane (destination_id, person_id)
    select distinct t.d, t.p from unnest(p_destination, p_person) t(d, p)
    where not exists (select 1 from lane l where l.destination_id = t.d and l.person_id = t.p and not l.closed)
    order by t.d, t.p
    on conflict (destination_id, person_id) where not closed do nothing;
  select count(*) into v_wanted from (select distinct t.d, t.p from unnest(p_destination, p_person) t(d, p)) w;
  perform 1
    from (select distinct t.d, t.p from unnest(p_destination, p_person) t(d, p)) w
    join lane l on l.destination_id = w.d and l.person_id = w.p and not l.closed
    order by l.id for update of l;
  get diagnostics v_locked = row_count;
  if v_locked < v_wanted then
    raise exception 'a lane was closed meanwhile' using errcode = '40001';
  end if;
  v_ids := array(select nextval('delivery_id') from generate_series(1, cardinality(p_destination)));
  return query
    with given as materialized (
      select t.*, l.id as lane_id
      from unnest(v_ids, p_destination, p_person, p_message, p_part, p_item, p_record, p_priority, p_role, p_route, p_key, p_decided,
                  p_mapping, p_directory, p_type, p_size, p_key_id, p_form, p_body)
           t(id, destination_id, person_id, message_id, part, item_id, record_id, priority, role, route, transport_key, decided,
             mapping, directory, content_type, size, key_id, form, body)
      join lane l on l.destination_id = t.destination_id and l.person_id = t.person_id and not l.closed
    ),
    filed as (
      insert into delivery (id, lane_id, destination_id, person_id, message_id, part, item_id, record_id, priority, role, route,
                            transport_key, decided_version, mapping_version, directory_version, content_type, size)
      select g.id, g.lane_id, g.destination_id, g.person_id, g.message_id, g.part, g.item_id, g.record_id, g.priority, g.role, g.route,
             g.transport_key, g.decided, decode(g.mapping, 'hex'), decode(g.directory, 'hex'), g.content_type, g.size
      from given g
    ),
    kept as (
      insert into payload (delivery_id, key_id, form, body)
      select g.id, g.key_id, g.form, g.body from given g
    ),
    first as (select distinct on (g.lane_id) g.lane_id, g.id, g.priority, g.size from given g order by g.lane_id, g.id),
    headed as (
      update lane l set head = f.id, phase = 1, priority = f.priority, since = now()
      from first f where l.id = f.lane_id and l.head is null
      returning l.id, l.head, l.destination_id, l.priority, l.blocked, f.size
    )
    select h.id, h.head, h.destination_id, h.priority, h.size from headed h where h.blocked = 0;
end $$;

-- What a claimed head needs for sending. Run as a statement of its own after the claim has committed: `stale` is true where the
-- person's place or registration may have changed since the route was decided by role, or a merge was taken back since. `movable` is true where no attempt can have
-- arrived: none sent a byte, or the far side turned every one away. `seal` tells one sealed payload from every other.
create function lane_load(p_deliveries bigint[], p_roles text[]) returns table (
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
      r.merged_into is not null or r.routing_version <> d.decided_version and (d.role = any(p_roles) or exists (
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
