-- One turn of a sender: results of heads that were sent are filed and further heads claimed, for any number of lanes of one
-- destination, in one transaction and one round trip. Every result counts only under the token it was claimed with.

-- Puts one head on hold: the lane stays where it is until a person decides. The lane is locked. Returns the hold.
create function lane_hold(p_lane bigint, p_delivery bigint, p_reason text) returns bigint
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
declare
  v_hold bigint;
begin
  update lane l set phase = 4, since = now(), next_at = null, claimed_by = null, claimed_until = null where l.id = p_lane;
  insert into hold (reason, message_id, part, delivery_id, lane_id, person_id)
    select p_reason, d.message_id, d.part, d.id, p_lane, d.person_id from delivery d where d.id = p_delivery
    on conflict (delivery_id) where done is null and delivery_id is not null do nothing
    returning id into v_hold;
  return v_hold;
end $$;

-- Files results other than a hand-over, one by one: they are rare, and the breaker stops a flood of them.
-- p_failures: [{lane, delivery, token, kind, outcome, code, receipt, sent, key, detail}], kind one of
--   failed   an attempt ended; outcome 2 transient 3 permanent 4 ambiguous
--   unsent   asked: it never arrived, so it is due again
--   unknown  asked: nobody knows; asked again later, held after p_asks times
--   returned claimed but never given to the adapter: due again, no attempt
-- Returned `what`: 1 due, 3 back-off (extra = milliseconds), 4 held (extra = hold), 5 to be asked about (extra = milliseconds), 7 late.
create function lane_fail(
  p_failures jsonb, p_daemon int, p_dedupable boolean, p_again boolean, p_first_ms float8, p_most_ms float8, p_factor float8, p_asks int
) returns table (what smallint, lane bigint, delivery bigint, token bigint, priority smallint, extra bigint)
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
declare
  f record;
  v_wait bigint;
begin
  for f in
    select t.*, l.attempts, l.asks, l.priority, l.blocked, l.head = t.delivery and l.token = t.token and l.phase in (2, 5) as mine
    from jsonb_to_recordset(p_failures) t(lane bigint, delivery bigint, token bigint, kind text, outcome smallint, code text,
                                          receipt text, sent boolean, key smallint, detail text)
    join lane l on l.id = t.lane order by t.lane
  loop
    if f.kind = 'failed' and (f.mine or not p_again) then
      insert into attempt (delivery_id, token, daemon_id, outcome, code, receipt_code, sent_bytes, key_id, detail)
        values (f.delivery, f.token, p_daemon, case when f.mine then f.outcome else 5 end, f.code, f.receipt, f.sent, f.key, decode(f.detail, 'base64'));
    end if;
    if not f.mine then
      return query select 7::smallint, f.lane, f.delivery, f.token, f.priority, null::bigint;
      continue;
    end if;
    if f.kind = 'failed' and f.sent then
      update delivery d set sent_first = now() where d.id = f.delivery and d.sent_first is null;
    end if;
    if f.kind in ('returned', 'unsent') then
      if f.kind = 'unsent' then
        update delivery d set sent_first = null where d.id = f.delivery;
      end if;
      update lane l set phase = 1, since = now(), token = l.token + 1, asks = 0, next_at = null, claimed_by = null, claimed_until = null where l.id = f.lane;
      if f.blocked = 0 then
        return query select 1::smallint, f.lane, f.delivery, f.token + 1, f.priority, null::bigint;
      end if;
    elsif f.kind = 'unknown' and f.asks + 1 >= p_asks or f.kind = 'failed' and f.outcome = 3 then
      return query select 4::smallint, f.lane, f.delivery, f.token, f.priority, lane_hold(f.lane, f.delivery, coalesce(f.code,
        (select a.code from attempt a where a.delivery_id = f.delivery order by a.id desc limit 1), 'claim-expired'));
    else
      -- Jitter keeps lanes that failed together from coming back together.
      v_wait := (least(p_most_ms, p_first_ms * power(p_factor, least(case f.kind when 'unknown' then f.asks else f.attempts end, 40))) * (0.8 + random() * 0.4))::bigint;
      if f.kind = 'failed' and (f.outcome = 2 or p_dedupable) then
        update lane l set phase = 3, attempts = l.attempts + 1, since = now(), next_at = clock_timestamp() + v_wait * interval '1 ms',
          claimed_by = null, claimed_until = null where l.id = f.lane;
        return query select 3::smallint, f.lane, f.delivery, f.token, f.priority, v_wait;
      else
        if f.kind = 'failed' then v_wait := 0; end if;
        update lane l set phase = 5, attempts = l.attempts + (f.kind = 'failed')::int, asks = case f.kind when 'unknown' then l.asks + 1 else 0 end,
          since = now(), next_at = clock_timestamp() + v_wait * interval '1 ms', claimed_by = null, claimed_until = null where l.id = f.lane;
        return query select 5::smallint, f.lane, f.delivery, f.token, f.priority, v_wait;
      end if;
    end if;
  end loop;
end $$;

-- Returned `what`: 0 the destination (token = milliseconds until the breaker may be tried, 0 = closed; extra = failures in a row;
-- priority 1 = paused), 1 due but not claimed, 2 claimed (extra = attempts, delivery's lane token), 6 awaiting confirmation, else as lane_fail.
create function lane_turn(
  p_destination int, p_daemon int, p_ttl_ms float8, p_first_ms float8, p_most_ms float8, p_factor float8, p_asks int, p_again boolean,
  d_lane bigint[], d_delivery bigint[], d_token bigint[], d_confirmed boolean[], d_receipt text[], p_failures jsonb,
  c_lane bigint[], c_delivery bigint[], p_next int, p_probe boolean
) returns table (what smallint, lane bigint, delivery bigint, token bigint, priority smallint, extra bigint)
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  v_dest destination;
  v_all bigint[];
  v_lanes bigint[];
  v_heads bigint[];
  v_tokens bigint[];
  v_confirmed boolean[];
  v_receipts text[];
  v_due_lanes bigint[];
  v_due_heads bigint[];
  v_due_priorities smallint[];
begin
  v_all := d_lane || c_lane;
  if p_failures is not null then
    v_all := v_all || array(select (t.j ->> 'lane')::bigint from jsonb_array_elements(p_failures) t(j));
  end if;
  v_all := lane_lock(v_all);
  select d.* into v_dest from destination d where d.id = p_destination;

  if cardinality(d_lane) > 0 then
    select array_agg(t.lane), array_agg(t.delivery), array_agg(t.token), array_agg(t.confirmed), array_agg(t.receipt)
      into v_lanes, v_heads, v_tokens, v_confirmed, v_receipts
      from unnest(d_lane, d_delivery, d_token, d_confirmed, d_receipt) t(lane, delivery, token, confirmed, receipt)
      join lane l on l.id = t.lane
      where l.head = t.delivery and l.token = t.token and l.phase in (2, 5);
    if cardinality(d_lane) > coalesce(cardinality(v_lanes), 0) then
      if not p_again then
        insert into attempt (delivery_id, token, daemon_id, outcome, code, receipt_code, sent_bytes)
          select t.delivery, t.token, p_daemon, 5, 'delivered', t.receipt, true
          from unnest(d_delivery, d_token, d_receipt) t(delivery, token, receipt)
          where not exists (select 1 from unnest(v_heads, v_tokens) m(delivery, token) where m.delivery = t.delivery and m.token = t.token);
      end if;
      return query
        select 7::smallint, t.lane, t.delivery, t.token, 3::smallint, null::bigint
        from unnest(d_lane, d_delivery, d_token) t(lane, delivery, token)
        where not exists (select 1 from unnest(v_heads, v_tokens) m(delivery, token) where m.delivery = t.delivery and m.token = t.token);
      if p_again then
        -- What moved up when these results were taken the first time was never heard of.
        return query select 1::smallint, l.id, l.head, null::bigint, l.priority, null::bigint
          from unnest(d_lane) t(lane) join lane l on l.id = t.lane where l.phase = 1 and l.blocked = 0 and l.id <> all (coalesce(v_lanes, '{}'));
      end if;
    end if;
    if v_lanes is not null then
      update delivery d
        set state = case when t.confirmed then 2 else 1 end, done = now(), confirmed = case when t.confirmed then now() end,
            sent_first = coalesce(d.sent_first, now()), receipt_code = t.receipt
        from unnest(v_heads, v_confirmed, v_receipts) t(id, confirmed, receipt) where d.id = t.id;
      if v_dest.advance_confirmed and false = any (v_confirmed) then
        update lane l set phase = 6, since = now(), attempts = 0, crashes = 0, next_at = null, claimed_by = null, claimed_until = null
          from unnest(v_lanes, v_confirmed) t(id, confirmed) where l.id = t.id and not t.confirmed;
        return query select 6::smallint, t.lane, t.delivery, t.token, 3::smallint, null::bigint
          from unnest(v_lanes, v_heads, v_tokens, v_confirmed) t(lane, delivery, token, confirmed) where not t.confirmed;
        select array_agg(t.lane), array_agg(t.delivery) into v_lanes, v_heads
          from unnest(v_lanes, v_heads, v_confirmed) t(lane, delivery, confirmed) where t.confirmed;
      end if;
      if v_lanes is not null then
        select array_agg(a.lane), array_agg(a.delivery), array_agg(a.priority) into v_due_lanes, v_due_heads, v_due_priorities
          from lane_advance(v_lanes, v_heads, v_all) a;
      end if;
    end if;
  end if;

  if p_failures is not null then
    return query select * from lane_fail(p_failures, p_daemon, v_dest.dedupable, p_again, p_first_ms, p_most_ms, p_factor, p_asks);
  end if;

  if not v_dest.paused and (v_dest.breaker_until is null or p_probe) and (cardinality(c_lane) > 0 or p_next > 0 and v_due_lanes is not null) then
    return query
      update lane l
      set phase = 2, token = l.token + 1, since = now(), next_at = null, claimed_by = p_daemon, claimed_until = clock_timestamp() + p_ttl_ms * interval '1 ms'
      from unnest(c_lane || v_due_lanes[:p_next], c_delivery || v_due_heads[:p_next]) t(lane, head)
      where l.id = t.lane and l.head = t.head and l.blocked = 0 and (l.phase = 1 or l.phase = 3 and l.next_at <= clock_timestamp() + interval '1 s')
      returning 2::smallint, l.id, l.head, l.token, l.priority, l.attempts::bigint;
    v_due_lanes := v_due_lanes[greatest(p_next, 0) + 1:];
    v_due_heads := v_due_heads[greatest(p_next, 0) + 1:];
    v_due_priorities := v_due_priorities[greatest(p_next, 0) + 1:];
  end if;
  return query select 1::smallint, t.lane, t.delivery, null::bigint, t.priority, null::bigint from unnest(v_due_lanes, v_due_heads, v_due_priorities) t(lane, delivery, priority);
  return query select 0::smallint, null::bigint, null::bigint,
    case when v_dest.breaker_until is null then 0 else greatest(1, extract(epoch from v_dest.breaker_until - clock_timestamp()) * 1000)::bigint end,
    v_dest.paused::int::smallint, v_dest.breaker_fails::bigint;
end $$;
