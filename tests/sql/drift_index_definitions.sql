-- What the model says of an index is what the server says of it, also where the server isn't asked.
\set VERBOSITY terse
CREATE EXTENSION schemaguard;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN short AS varchar(20);
CREATE COLLATION "no case" (provider = libc, locale = 'C');
CREATE TABLE things (
    id bigint, "a name" text, code varchar(10), fixed char(3), other text COLLATE "C", folded text COLLATE "no case",
    state mood, label short, tags text[], doc jsonb, at timestamptz, day date, price numeric(10,2), key uuid,
    place point, net inet, flag boolean, bits bit(3), "Name" name, "char" "char", number oid, span int4range
);
CREATE INDEX ON things (id);
CREATE UNIQUE INDEX ON things (id);
CREATE UNIQUE INDEX nulls_are_one ON things (id) NULLS NOT DISTINCT;
CREATE INDEX ON things ("a name");
CREATE INDEX ON things (code);
CREATE INDEX ON things (fixed);
CREATE INDEX ON things (other);
CREATE INDEX ON things (folded);
CREATE INDEX elsewhere ON things (other COLLATE "POSIX");
CREATE INDEX as_declared ON things (other COLLATE "C");
CREATE INDEX ON things (state);
CREATE INDEX ON things (label);
CREATE INDEX ON things (tags);
CREATE INDEX ON things (doc);
CREATE INDEX ON things USING gin (doc);
CREATE INDEX ON things USING gin (doc jsonb_path_ops);
CREATE INDEX ON things (at DESC);
CREATE INDEX ON things (at NULLS FIRST);
CREATE INDEX ON things (day) WITH (fillfactor = 50);
CREATE INDEX ON things (price) WHERE flag;
CREATE INDEX ON things (key);
CREATE INDEX ON things USING hash (key);
CREATE INDEX ON things USING gist (place);
CREATE INDEX ON things USING brin (at) WITH (pages_per_range = 4);
CREATE INDEX ON things (net);
CREATE INDEX ON things (flag);
CREATE INDEX ON things (bits);
CREATE INDEX ON things ("Name");
CREATE INDEX ON things ("char");
CREATE INDEX ON things (number);
CREATE INDEX ON things (span);
CREATE INDEX ON things (code varchar_pattern_ops);
CREATE INDEX ON things (code text_pattern_ops);
CREATE INDEX ON things ("a name" text_pattern_ops);
CREATE INDEX ON things (lower(code));
CREATE INDEX ON things ((id + 1));
CREATE INDEX ON things (id, "a name" DESC) INCLUDE (code);
CREATE INDEX ON things (id) INCLUDE (code);
CREATE OPERATOR CLASS backwards FOR TYPE bigint USING btree AS
    OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 btint8cmp(int8, int8);
CREATE INDEX ON things (id backwards);
CREATE MATERIALIZED VIEW seen AS SELECT id, code FROM things;
CREATE UNIQUE INDEX ON seen (id);
CREATE INDEX ON seen (code);
CREATE TABLE parted (id bigint, code text) PARTITION BY LIST (id);
CREATE INDEX ON parted (code);
ALTER TABLE things RENAME id TO "new id";
SET search_path = pg_catalog;
WITH model AS (
    SELECT o ->> 'identity' AS identity, o -> 'identity' ->> 1 AS name, o -> 'attributes' AS attributes
      FROM jsonb_array_elements(schemaguard.snapshot('{public}') -> 'objects') o WHERE o ->> 'kind' = 'index')
SELECT name, attributes ->> 'definition' AS definition
  FROM model JOIN pg_index ON indexrelid = ('public.' || quote_ident(name))::regclass
 WHERE attributes ->> 'definition'
       IS DISTINCT FROM regexp_replace(regexp_replace(pg_get_indexdef(indexrelid), '^.*? USING ', ''), ' WITH \(.*?\)', '');
SELECT count(*) AS indexes FROM jsonb_array_elements(schemaguard.snapshot('{public}') -> 'objects') o WHERE o ->> 'kind' = 'index';
