-- What could be done by hand to the schema at hand: a statement a row, in an order that :seed gives.
SELECT setseed(:seed) \g /dev/null
WITH mine AS MATERIALIZED (
  SELECT oid FROM pg_namespace
   WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'schemaguard')
), member AS MATERIALIZED (
  SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), rel AS MATERIALIZED (
  SELECT c.oid, c.relkind, c.oid::regclass AS name, c.relispartition FROM pg_class c
   WHERE c.relnamespace IN (SELECT oid FROM mine) AND c.oid NOT IN (SELECT objid FROM member WHERE classid = 'pg_class'::regclass)
), col AS MATERIALIZED (
  SELECT rel.name AS rel, quote_ident(a.attname) AS name, a.* FROM pg_attribute a JOIN rel ON rel.oid = a.attrelid
   WHERE rel.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND a.attinhcount = 0
), typ AS MATERIALIZED (
  SELECT t.oid::regtype AS name, t.typtype FROM pg_type t
   WHERE t.typnamespace IN (SELECT oid FROM mine) AND t.typtype IN ('e', 'd') AND t.oid NOT IN (SELECT objid FROM member WHERE classid = 'pg_type'::regclass)
), routine AS MATERIALIZED (
  SELECT p.oid::regprocedure AS name, p.prokind FROM pg_proc p
   WHERE p.pronamespace IN (SELECT oid FROM mine) AND p.prokind IN ('f', 'p') AND p.oid NOT IN (SELECT objid FROM member WHERE classid = 'pg_proc'::regclass)
), change(kind, sql) AS (
  SELECT 'drop a column', format('ALTER TABLE %s DROP COLUMN %s CASCADE', rel, name) FROM col
  UNION ALL SELECT 'rename a column', format('ALTER TABLE %s RENAME COLUMN %s TO renamed_%s', rel, name, attnum) FROM col
  UNION ALL SELECT 'drop a default', format('ALTER TABLE %s ALTER %s DROP DEFAULT', rel, name) FROM col WHERE atthasdef AND attgenerated = ''
  UNION ALL SELECT 'set a default', format('ALTER TABLE %s ALTER %s SET DEFAULT NULL', rel, name) FROM col WHERE NOT atthasdef AND attidentity = ''
  UNION ALL SELECT 'drop NOT NULL', format('ALTER TABLE %s ALTER %s DROP NOT NULL', rel, name) FROM col WHERE attnotnull
  UNION ALL SELECT 'another type', format('ALTER TABLE %s ALTER %s TYPE bigint', rel, name) FROM col WHERE atttypid IN ('integer'::regtype, 'smallint'::regtype)
  UNION ALL SELECT 'another type', format('ALTER TABLE %s ALTER %s TYPE text', rel, name) FROM col WHERE atttypid = 'varchar'::regtype
  UNION ALL SELECT 'statistics', format('ALTER TABLE %s ALTER %s SET STATISTICS 77', rel, name) FROM col
  UNION ALL SELECT 'add a column', format('ALTER TABLE %s ADD COLUMN added integer DEFAULT 7', name) FROM rel WHERE relkind IN ('r', 'p') AND NOT relispartition
  UNION ALL SELECT 'drop a table', format('DROP TABLE %s CASCADE', name) FROM rel WHERE relkind IN ('r', 'p')
  UNION ALL SELECT 'rename a table', format('ALTER TABLE %s RENAME TO renamed_%s', name, left(md5(name::text), 6)) FROM rel WHERE relkind IN ('r', 'p')
  UNION ALL SELECT 'no triggers', format('ALTER TABLE %s DISABLE TRIGGER USER', name) FROM rel WHERE relkind IN ('r', 'p')
  UNION ALL SELECT 'row security', format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name) FROM rel WHERE relkind IN ('r', 'p')
  UNION ALL SELECT 'a comment', format('COMMENT ON TABLE %s IS ''changed''', name) FROM rel WHERE relkind IN ('r', 'p')
  UNION ALL SELECT 'drop a view', format('DROP %s %s CASCADE', CASE relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, name) FROM rel WHERE relkind IN ('v', 'm')
  UNION ALL SELECT 'rename a view', format('ALTER VIEW %s RENAME TO renamed_%s', name, left(md5(name::text), 6)) FROM rel WHERE relkind = 'v'
  UNION ALL SELECT 'drop an index', format('DROP INDEX %s', name) FROM rel WHERE relkind IN ('i', 'I')
  UNION ALL SELECT 'rename an index', format('ALTER INDEX %s RENAME TO renamed_%s', name, left(md5(name::text), 6)) FROM rel WHERE relkind IN ('i', 'I') AND NOT relispartition
  UNION ALL SELECT 'a sequence', format('ALTER SEQUENCE %s INCREMENT BY 3 CACHE 4', name) FROM rel WHERE relkind = 'S'
  UNION ALL SELECT 'drop a sequence', format('DROP SEQUENCE %s CASCADE', name) FROM rel WHERE relkind = 'S'
  UNION ALL SELECT 'drop a constraint', format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', rel.name, k.conname)
              FROM pg_constraint k JOIN rel ON rel.oid = k.conrelid WHERE k.conislocal AND k.contype IN ('c', 'f', 'p', 'u', 'x')
  UNION ALL SELECT 'a key', format('ALTER TABLE %s ALTER CONSTRAINT %I DEFERRABLE', rel.name, k.conname)
              FROM pg_constraint k JOIN rel ON rel.oid = k.conrelid WHERE k.conislocal AND k.contype = 'f'
  UNION ALL SELECT 'drop a trigger', format('DROP TRIGGER %I ON %s', t.tgname, rel.name)
              FROM pg_trigger t JOIN rel ON rel.oid = t.tgrelid WHERE NOT t.tgisinternal AND t.tgparentid = 0
  UNION ALL SELECT 'drop a policy', format('DROP POLICY %I ON %s', p.polname, rel.name) FROM pg_policy p JOIN rel ON rel.oid = p.polrelid
  UNION ALL SELECT 'drop a type', format('DROP TYPE %s CASCADE', name) FROM typ
  UNION ALL SELECT 'rename a type', format('ALTER TYPE %s RENAME TO renamed_%s', name, left(md5(name::text), 6)) FROM typ
  UNION ALL SELECT 'a label more', format('ALTER TYPE %s ADD VALUE ''changed''', name) FROM typ WHERE typtype = 'e'
  UNION ALL SELECT 'drop a routine', format('DROP ROUTINE %s CASCADE', name) FROM routine
  UNION ALL SELECT 'rename a routine', format('ALTER ROUTINE %s RENAME TO renamed_%s', name, left(md5(name::text), 6)) FROM routine
  UNION ALL SELECT 'a routine''s cost', format('ALTER FUNCTION %s COST 7', name) FROM routine WHERE prokind = 'f'
), drawn AS (
  -- As many of each kind, however many columns there are.
  SELECT kind, sql, row_number() OVER (PARTITION BY kind ORDER BY md5(sql || :seed)) AS n FROM change
)
SELECT sql || ';' FROM drawn WHERE n <= 2 ORDER BY md5(sql || :seed) LIMIT :many;
