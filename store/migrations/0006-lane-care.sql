-- What keeps lanes moving when a daemon, a hint or a hand was lost.

-- Takes back claims that ran out, or whose daemon is known to be dead where the receiver recognises duplicates. Whether a byte
-- left is not known, so it counts as sent. Returned `what`: 1 due again, 4 held as poison (extra = hold), 5 to be asked about.
create function lane_expire(p_dead int[], p_poison int, p_limit int)
returns table (what smallint, lane bigint, delivery bigint, token bigint, destination int, priority smallint, extra bigint)
language plpgsql set jit = off
as $$
declare
  v_lanes bigint[];
  f record;
begin
  select array_agg(w.id) into v_lanes from (
    select l.id from lane l join destination d on d.id = l.destination_id
    where l.phase = 2 and (l.claimed_until < clock_timestamp() or l.claimed_by = any (p_dead) and d.dedupable)
    order by l.id limit p_limit) w;
  if v_lanes is null then return; end if;
  perform lane_lock(v_lanes);
  for f in
    select l.id, l.head, l.token, l.claimed_by, l.crashes, l.blocked, l.priority, l.destination_id, d.dedupable
    from lane l join destination d on d.id = l.destination_id
    where l.id = any (v_lanes) and l.phase = 2 and (l.claimed_until < clock_timestamp() or l.claimed_by = any (p_dead) and d.dedupable)
    order by l.id
  loop
    insert into attempt (delivery_id, token, daemon_id, outcome, code, sent_bytes) values (f.head, f.token, f.claimed_by, 6, 'claim-expired', true);
    update delivery d set sent_first = now() where d.id = f.head and d.sent_first is null;
    update lane l set token = l.token + 1, crashes = l.crashes + 1, asks = 0, phase = case when f.dedupable then 1 else 5 end,
      since = now(), next_at = null, claimed_by = null, claimed_until = null where l.id = f.id;
    if f.crashes + 1 >= p_poison then
      return query select 4::smallint, f.id, f.head, f.token + 1, f.destination_id, f.priority, lane_hold(f.id, f.head, 'poison');
    elsif f.blocked = 0 then
      return query select case when f.dedupable then 1 else 5 end::smallint, f.id, f.head, f.token + 1, f.destination_id, f.priority, 0::bigint;
    end if;
  end loop;
end $$;

-- Claims this daemon asked for and never heard of, its answer having been lost: all it has on this destination but those it
-- knows. It knows that it is not sending them, so they are due again, and no attempt.
create function lane_disown(p_destination int, p_daemon int, p_known bigint[]) returns table (lane bigint, delivery bigint, priority smallint)
language plpgsql set jit = off
as $$
declare
  v_lanes bigint[];
begin
  select array_agg(l.id) into v_lanes from lane l
    where l.destination_id = p_destination and l.phase = 2 and l.claimed_by = p_daemon and l.head <> all (p_known);
  if v_lanes is null then return; end if;
  perform lane_lock(v_lanes);
  return query
    with back as (
      update lane l set phase = 1, token = l.token + 1, since = now(), claimed_by = null, claimed_until = null
      where l.id = any (v_lanes) and l.phase = 2 and l.claimed_by = p_daemon and l.head <> all (p_known)
      returning l.id, l.head, l.priority, l.blocked
    )
    select b.id, b.head, b.priority from back b where b.blocked = 0;
end $$;

-- Claims for asking: the lane stays ambiguous, the token fences the answer.
create function lane_ask(p_daemon int, p_ttl_ms float8, p_lanes bigint[], p_heads bigint[])
returns table (lane bigint, delivery bigint, token bigint)
language plpgsql set jit = off
as $$
begin
  perform lane_lock(p_lanes);
  return query
    update lane l set token = l.token + 1, claimed_by = p_daemon, claimed_until = clock_timestamp() + p_ttl_ms * interval '1 ms'
      from unnest(p_lanes, p_heads) t(id, head)
      where l.id = t.id and l.head = t.head and l.phase = 5 and (l.claimed_until is null or l.claimed_until < clock_timestamp())
        and (l.next_at is null or l.next_at <= clock_timestamp() + interval '1 s')
      returning l.id, l.head, l.token;
end $$;

-- Lanes whose state does not follow from their deliveries and links. One snapshot, so nothing under way is mistaken for a fault.
create function lane_faults() returns table (lane bigint, fault text)
language sql stable set jit = off
as $$
  with first as (select d.lane_id, min(d.id) as id from delivery d where d.state = 0 group by d.lane_id),
       links as (select k.after_lane, count(*) as n from lane_link k group by k.after_lane)
  select l.id, case
      when l.phase = 6 and h.state is distinct from 1 then 'confirming'
      when l.phase <> 6 and l.head is distinct from f.id then 'head'
      when (l.head is null) <> (l.phase = 0) then 'phase'
      when l.blocked <> coalesce(k.n, 0) then 'blocked'
      else 'undrained' end
  from lane l
  left join first f on f.lane_id = l.id
  left join links k on k.after_lane = l.id
  left join delivery h on h.id = l.head and l.phase = 6
  where l.phase = 6 and h.state is distinct from 1
     or l.phase <> 6 and l.head is distinct from f.id
     or (l.head is null) <> (l.phase = 0)
     or l.blocked <> coalesce(k.n, 0)
     or l.closed and l.head is null and l.blocked = 0 and exists (select 1 from lane_link b where b.before_lane = l.id)
  union all
  select k.after_lane, 'dangling' from lane_link k where not exists (select 1 from lane l where l.id = k.before_lane) or not exists (select 1 from lane l where l.id = k.after_lane)
$$;

-- Puts such lanes right under their locks: a sound head keeps its phase, anything else starts again from its first waiting delivery.
create function lane_repair(p_lanes bigint[]) returns table (lane bigint, delivery bigint, priority smallint)
language plpgsql set jit = off
as $$
declare
  v_all bigint[] := lane_lock(p_lanes);
begin
  delete from lane_link k where (k.before_lane = any (v_all) or k.after_lane = any (v_all))
    and (not exists (select 1 from lane l where l.id = k.before_lane) or not exists (select 1 from lane l where l.id = k.after_lane));
  update lane l set blocked = (select count(*) from lane_link k where k.after_lane = l.id)
    where l.id = any (v_all) and l.blocked <> (select count(*) from lane_link k where k.after_lane = l.id);
  return query
    with x as (
      select t.id, n.id as next, n.priority
      from unnest(v_all) t(id)
      left join lateral (select d.id, d.priority from delivery d where d.lane_id = t.id and d.state = 0 order by d.id limit 1) n on true
      join lane l on l.id = t.id
      where case when l.phase = 6 then not exists (select 1 from delivery d where d.id = l.head and d.state = 1)
                 else l.head is distinct from n.id or (l.head is null) <> (l.phase = 0) end
    ),
    up as (
      update lane l set head = x.next, phase = case when x.next is null then 0 else 1 end, priority = coalesce(x.priority, 3), since = now(),
        token = l.token + 1, attempts = 0, crashes = 0, asks = 0, next_at = null, claimed_by = null, claimed_until = null
      from x where l.id = x.id
      returning l.id, l.head, l.priority, l.blocked
    )
    select u.id, u.head, u.priority from up u where u.head is not null and u.blocked = 0;
  return query select * from lane_drain(v_all);
end $$;
