-- When each MESH mailbox was last greeted and looked into, by whichever daemon had the right to.
create table mailbox (
  name text primary key,
  handshake_at timestamptz,
  polled_at timestamptz
);
