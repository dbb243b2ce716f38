-- Versions of records are looked up by the message that brought them, and by their own id: an index for each of the two. By message they
-- come in order, so its index grows at one end; those by person and by item touched a page of their own for every version written.
create index record_message on record (message_id);
drop index record_person;
drop index record_item_version;
