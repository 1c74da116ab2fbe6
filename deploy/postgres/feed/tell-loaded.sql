-- Tells the change feed of posts that came into the tables without it (COPY, a dump of posts alone): search, counts,
-- replies and tags then have them. A post that search has, or is about to have, is left alone, so that repeating
-- this counts nothing twice. A thousand posts a transaction; may be stopped, and begun anew, at any time.
DO $$
DECLARE
  after_tenant text := '';
  after_id uuid := '00000000-0000-0000-0000-000000000000';
  some_tenants text[];
  some_ids uuid[];
BEGIN
  LOOP
    -- One run at a time: of rows that another has told meanwhile this one's snapshot would know nothing.
    PERFORM pg_advisory_xact_lock(hashtext('spillway.tell-loaded'));
    SELECT array_agg(tenant_id ORDER BY tenant_id, id), array_agg(id ORDER BY tenant_id, id) INTO some_tenants, some_ids
    FROM (
      SELECT tenant_id, id FROM posts p
      WHERE (tenant_id, id) > (after_tenant, after_id) AND deleted_by IS NULL
        AND NOT EXISTS (SELECT FROM post_search s WHERE s.tenant_id = p.tenant_id AND s.id = p.id)
        AND NOT EXISTS (SELECT FROM post_changes c WHERE c.tenant_id = p.tenant_id AND c.post_id = p.id
          AND c.xid >= (SELECT xid FROM feed_cursors WHERE name = 'search'))
      ORDER BY tenant_id, id LIMIT 1000 FOR UPDATE OF p
    ) AS next;
    EXIT WHEN some_ids IS NULL;
    INSERT INTO post_changes (tenant_id, post_id, created, reply_to, tags_added)
    SELECT p.tenant_id, p.id, true, p.reply_to, nullif(p.tags, '{}')
    FROM unnest(some_tenants, some_ids) AS g(tenant_id, id)
    JOIN posts p ON p.tenant_id = g.tenant_id AND p.id = g.id;
    after_tenant := some_tenants[cardinality(some_tenants)];
    after_id := some_ids[cardinality(some_ids)];
    COMMIT;
  END LOOP;
END
$$;
