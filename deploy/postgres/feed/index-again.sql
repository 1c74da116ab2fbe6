-- Tells the change feed of every post once more: search indexes each as SEARCH_LANGUAGES say now, and nothing is
-- counted again. A thousand posts a transaction; may be stopped, and begun anew, at any time.
DO $$
DECLARE
  after_tenant text := '';
  after_id uuid := '00000000-0000-0000-0000-000000000000';
  some_tenants text[];
  some_ids uuid[];
BEGIN
  LOOP
    SELECT array_agg(tenant_id ORDER BY tenant_id, id), array_agg(id ORDER BY tenant_id, id) INTO some_tenants, some_ids
    FROM (
      SELECT tenant_id, id FROM posts
      WHERE (tenant_id, id) > (after_tenant, after_id) AND deleted_by IS NULL
      ORDER BY tenant_id, id LIMIT 1000
    ) AS next;
    EXIT WHEN some_ids IS NULL;
    INSERT INTO post_changes (tenant_id, post_id) SELECT * FROM unnest(some_tenants, some_ids);
    after_tenant := some_tenants[cardinality(some_tenants)];
    after_id := some_ids[cardinality(some_ids)];
    COMMIT;
  END LOOP;
END
$$;
