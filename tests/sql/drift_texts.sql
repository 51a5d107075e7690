-- The server makes a text for the first of those rows that are alike in all that the text depends on:
-- what is read is for each row what the server says of it.
\pset format unaligned
\pset tuples_only on
CREATE EXTENSION schemaguard;
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN above_zero AS integer CHECK (VALUE > 0);
-- The same expression of the same column number, under several names.
CREATE TABLE a (x integer CHECK (x > 0), y text);
CREATE TABLE b (y integer CHECK (y > 0), x text);
CREATE TABLE c (gone integer, x integer CHECK (x > 0), "Y y" text);
ALTER TABLE c DROP gone;
CREATE TABLE d (x integer CHECK (x > 0), y text);
CREATE TABLE e (x integer CHECK (x > 1), y text);
CREATE TABLE f (x bigint CHECK (x > 0), y text);
-- A whole row is named as its table is; so is what the server keeps in each.
CREATE TABLE whole_one (a integer, b integer, CHECK (whole_one IS NOT NULL), CHECK (tableoid > 0));
CREATE TABLE whole_two (a integer, b integer, CHECK (whole_two IS NOT NULL), CHECK (tableoid > 0));
-- Texts that look like what the shapes are made of.
CREATE TABLE said_one (x text CHECK (x <> ' :location 5'));
CREATE TABLE said_two (x text CHECK (x <> ' :location 6'));
-- Alike indexes on columns of several types and collations.
CREATE TABLE i1 (a text, b text COLLATE "C", n integer);
CREATE TABLE i2 (a varchar(9), b text, n integer);
CREATE TABLE i3 (b text, a text COLLATE "C", n bigint);
CREATE TABLE i4 (a text, b text COLLATE "C", n integer);
SELECT format('CREATE INDEX ON %s (lower(a)) WHERE n > 0', t), format('CREATE INDEX ON %s (a, b)', t),
       format('CREATE INDEX ON %s (a text_pattern_ops, b COLLATE "C" DESC NULLS LAST)', t),
       format('CREATE INDEX ON %s (n, a COLLATE "C")', t), format('CREATE INDEX ON %s (n) INCLUDE (a)', t),
       format('CREATE INDEX ON %s (n, a) WITH (fillfactor = 70)', t), format('CREATE INDEX ON %s (n, a) WITH (fillfactor = 80)', t),
       format('CREATE UNIQUE INDEX ON %s (n, a) NULLS NOT DISTINCT', t), format('CREATE INDEX ON %s USING brin (n, a)', t),
       format('CREATE INDEX ON %s USING gist (to_tsvector(''english'', a) tsvector_ops (siglen = %s))', t, CASE t WHEN 'i1' THEN 100 ELSE 200 END)
  FROM unnest('{i1,i2,i3,i4}'::text[]) t \gexec
CREATE MATERIALIZED VIEW m1 AS SELECT a, n FROM i1;
CREATE MATERIALIZED VIEW m2 AS SELECT n AS a, a AS n FROM i1;
CREATE INDEX ON m1 (n, a);
CREATE INDEX ON m2 (n, a);

\echo == as the server says, each
SET search_path = pg_catalog;
CREATE TEMP TABLE read AS
SELECT o->>'kind' AS kind, o->'identity' AS identity, o->'attributes' AS attributes
  FROM jsonb_array_elements(schemaguard.snapshot()->'objects') o;
SELECT count(*), count(*) FILTER (WHERE attributes->>'expression' = pg_get_expr(conbin, conrelid)) AS same
  FROM pg_constraint
  LEFT JOIN read ON kind = 'constraint' AND identity->>2 = conname
                AND identity->>1 = coalesce((SELECT relname FROM pg_class WHERE oid = conrelid), (SELECT typname FROM pg_type WHERE oid = contypid))
 WHERE contype = 'c' AND connamespace = 'public'::regnamespace;
SELECT count(*), count(*) FILTER (WHERE attributes->>'definition' = regexp_replace(regexp_replace(pg_get_indexdef(indexrelid), '^.* USING ', ''), ' WITH \(fillfactor=''\d+''\)', '')) AS same
  FROM pg_index
  JOIN pg_class ON pg_class.oid = indexrelid AND relnamespace = 'public'::regnamespace
  LEFT JOIN read ON kind = 'index' AND identity->>1 = relname;
