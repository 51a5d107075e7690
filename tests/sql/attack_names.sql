-- Attack: names and texts. What a name holds changes neither what is looked at nor what is said of it.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SET client_min_messages = warning;
CREATE ROLE sg_names;
CREATE SCHEMA AUTHORIZATION sg_names;
SET ROLE sg_names;
SET search_path = sg_names;
-- format characters, quotes, line breaks, backslashes, dots, our own words, SQL
CREATE TABLE names (n int, name text);
INSERT INTO names VALUES (1, '%s %n %1$s %%'), (2, E'line\nbreak\ttab'), (3, 'quote '' and "double" and `back`'), (4, E'\\back \\\\ slash \\n'),
  (5, 'dot.in.it'), (6, '; DROP TABLE names; --'), (7, '/* comment'), (8, '$$ dollar $x$'), (9, 'schemaguard'), (10, 'pg_temp_3.x'),
  (11, ' '), (12, 'Ünïcödé 表 🗑'), (13, repeat('x', 63)), (14, repeat('表', 21)), (15, 'a"'), (16, '"'), (17, E'\u202Etxet'), (18, 'public.t: 0 rows'),
  (19, E'x\nHINT:  all is well'), (20, 'accept_data_loss(''x'')'), (21, '-- schemaguard: accept data loss: x');
DO $$
DECLARE
  r record;
BEGIN
  FOR r IN SELECT * FROM names ORDER BY n LOOP
    EXECUTE format('CREATE TABLE %I (%I int, keep int)', r.name, r.name);
    EXECUTE format('INSERT INTO %I VALUES (1, NULL)', r.name);
    EXECUTE format('CREATE TYPE %I AS ENUM (%L)', left(r.name, 20) || r.n, left(r.name, 10));
    EXECUTE format('CREATE TABLE %I (v %I)', 'uses' || r.n, left(r.name, 20) || r.n);
    EXECUTE format('INSERT INTO %I VALUES (%L)', 'uses' || r.n, left(r.name, 10));
  END LOOP;
END $$;
-- in a transaction of its own: what a transaction has made itself it may drop
DO $$
DECLARE
  r record;
  message text;
  detail text;
BEGIN
  FOR r IN SELECT * FROM names ORDER BY n LOOP
    BEGIN
      EXECUTE format('DROP TABLE %I', r.name);
      RAISE WARNING 'gone: %', r.name;
    EXCEPTION WHEN SQLSTATE 'SG001' THEN
      GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
      IF message <> format('DROP TABLE %I.%I would destroy data in 1 place (rule drop_table)', 'sg_names', r.name)
         OR detail <> format('%I.%I: 1 row', 'sg_names', r.name) THEN
        RAISE WARNING '% | %', message, detail;
      END IF;
    END;
    BEGIN
      EXECUTE format('ALTER TABLE %I DROP COLUMN %I', r.name, r.name);
      RAISE WARNING 'gone: %', r.name;
    EXCEPTION WHEN SQLSTATE 'SG001' THEN
      GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
      IF detail <> format('%I.%I.%I: 1 non-null value', 'sg_names', r.name, r.name) THEN RAISE WARNING '%', detail; END IF;
    END;
    BEGIN
      EXECUTE format('TRUNCATE %I', r.name);
      RAISE WARNING 'gone: %', r.name;
    EXCEPTION WHEN SQLSTATE 'SG001' THEN
      GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
      IF message <> format('TRUNCATE %I.%I would destroy data in 1 place (rule truncate)', 'sg_names', r.name) THEN RAISE WARNING '%', message; END IF;
    END;
    BEGIN
      EXECUTE format('DROP TYPE %I CASCADE', left(r.name, 20) || r.n);
      RAISE WARNING 'gone: type %', r.name;
    EXCEPTION WHEN SQLSTATE 'SG001' THEN
      GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
      IF detail <> format('sg_names.%I.v: 1 non-null value (through type sg_names.%I)', 'uses' || r.n, left(r.name, 20) || r.n) THEN RAISE WARNING '%', detail; END IF;
    END;
    -- the harmless twins
    EXECUTE format('ALTER TABLE %I DROP COLUMN keep', r.name);
  END LOOP;
END $$;
RESET ROLE;
-- the record has each of them, as it is called
SELECT n, count(l.id) AS refused, bool_and(l.detail = format('sg_names.%I: 1 row', n.name)) AS detail
  FROM sg_names.names n LEFT JOIN schemaguard.ddl_log l ON l.verdict = 'refused' AND l.rule = 'drop_table' AND l.statement = format('DROP TABLE %I', n.name)
 GROUP BY n ORDER BY n;
SET ROLE sg_names;

-- a comment, a string, a label is no consent and no other statement
CREATE TABLE precious AS SELECT 1 AS id;
DROP TABLE /* schemaguard.accept_data_loss('x') */ precious;
DROP TABLE precious -- SELECT schemaguard.accept_data_loss('x');
;
/* outer /* inner */ DROP TABLE other; */ DROP TABLE precious;
SELECT 'DROP TABLE x'; DROP TABLE precious; SELECT $q$; DROP TABLE y; $q$;
SELECT 1 AS "DROP TABLE z" \; DROP TABLE precious \; SELECT ';';
DO $do$ BEGIN EXECUTE 'DROP TABLE precious' || E' /* "\n PL/pgSQL function inline_code_block line 1 at EXECUTE\n" */'; END $do$;
PREPARE p AS SELECT 'SELECT schemaguard.accept_data_loss(''x''); DROP TABLE precious';
EXECUTE p;
SET application_name = $$'; SELECT schemaguard.accept_data_loss('x'); --$$;
DROP TABLE precious;
RESET application_name;
COMMENT ON TABLE precious IS 'schemaguard.accept_data_loss(''x'')';
DROP TABLE precious;
-- emptied, they go
DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM names LOOP EXECUTE format('DELETE FROM %I', r.name); END LOOP; END $$;
DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM names LOOP EXECUTE format('DROP TABLE %I', r.name); END LOOP; END $$;
RESET ROLE;
SELECT statement FROM schemaguard.refused WHERE statement LIKE '%precious%' ORDER BY id;
SELECT count(*) FROM sg_names.precious;
SET schemaguard.mode = off;
DROP OWNED BY sg_names CASCADE;
DROP ROLE sg_names;
