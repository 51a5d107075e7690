-- GUARD 10, 11: what ALTER COLUMN TYPE does to values. Each row of `trial` is
-- a column with one value; the new type either holds what the old one meant
-- (kept) or it doesn't (refused), or the server itself refuses.
\set VERBOSITY terse
CREATE EXTENSION schemaguard;
SET timezone = 'Europe/Berlin';

CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE mood2 AS ENUM ('sad', 'ok', 'happy', 'great');
CREATE TYPE pair AS (a integer, b text);
CREATE DOMAIN short AS varchar(3);
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TABLE trial (id integer PRIMARY KEY, old text, value text, new text, transform text);
INSERT INTO trial VALUES
-- numbers
(1, 'numeric(10,4)', '1.2345', 'numeric(10,2)', NULL),
(2, 'numeric(10,4)', '1.2300', 'numeric(10,2)', NULL),
(3, 'numeric(10,2)', '1.23', 'numeric(12,2)', NULL),
(4, 'numeric', '1.5', 'integer', NULL),
(5, 'numeric', '2.0', 'integer', NULL),
(6, 'numeric', '0.12345678901234567890', 'float8', NULL),
(7, 'numeric', '0.1', 'float8', NULL),
(8, 'numeric', '10.005', 'money', NULL),
(9, 'numeric', '10.05', 'money', NULL),
(10, 'float8', '0.1', 'real', NULL),
(11, 'float8', '0.5', 'real', NULL),
(12, 'bigint', '9007199254740993', 'float8', NULL),
(13, 'bigint', '9007199254740992', 'float8', NULL),
(14, 'integer', '16777217', 'real', NULL),
(15, 'integer', '16777216', 'real', NULL),
(16, 'bigint', '5', 'integer', NULL),
(17, 'bigint', '5000000000', 'integer', NULL),
(18, 'oid', '4294967295', 'integer', NULL),
(19, 'oid', '7', 'integer', NULL),
(20, 'integer', '-1', 'oid', NULL),
(21, 'real', '0.1', 'float8', NULL),
(22, 'float8', '0.30000000000000004', 'numeric', NULL),
(23, 'float8', '0.25', 'numeric', NULL),
-- date and time
(30, 'timestamp', '2020-01-01 10:00:00.123456', 'timestamp(3)', NULL),
(31, 'timestamp', '2020-01-01 10:00:00.123', 'timestamp(3)', NULL),
(32, 'timestamp', '2020-01-01 10:00', 'date', NULL),
(33, 'timestamp', '2020-01-01 00:00', 'date', NULL),
(34, 'timestamp', '2020-01-01 10:00', 'time', NULL),
(35, 'timetz', '10:00+05', 'time', NULL),
(36, 'timestamptz', '2020-10-25 02:30+01', 'timestamp', NULL),
(37, 'timestamptz', '2020-10-25 02:30+02', 'timestamp', NULL),
(38, 'timestamp', '2020-03-29 02:30', 'timestamptz', NULL),
(39, 'timestamp', '2020-03-29 03:30', 'timestamptz', NULL),
(40, 'interval', '1 day 02:03:04', 'interval day', NULL),
(41, 'interval', '2 days', 'interval day', NULL),
(42, 'interval', '24:00', 'interval', 'justify_hours(v)'),
(43, 'date', '2020-01-01', 'timestamp', NULL),
(44, 'interval', '02:03:04.567', 'interval(1)', NULL),
-- text
(50, 'text', 'abc   ', 'char(5)', NULL),
(51, 'text', 'abc', 'char(5)', NULL),
(52, 'varchar(10)', 'abc  ', 'varchar(3)', NULL),
(53, 'varchar(10)', 'abc', 'varchar(3)', NULL),
(54, 'varchar(10)', 'abcd', 'varchar(3)', NULL),
(55, 'varchar(10)', 'abcd', 'varchar(3)', 'v::varchar(3)'),
(56, 'char(5)', 'abc', 'char(3)', NULL),
(57, 'char(5)', 'abc', 'text', NULL),
(58, 'text', repeat('x', 70), 'name', NULL),
(59, 'text', 'x', 'name', NULL),
(60, 'text', 'xy', '"char"', NULL),
(61, 'text', 'x', '"char"', NULL),
(62, 'varchar(10)', 'abcd', 'short', 'v::short'),
(63, 'varchar(10)', 'abc', 'short', 'v::short'),
(64, 'text', 'ABC', 'text', 'lower(v)'),
(65, 'text', 'abc', 'text', 'lower(v)'),
-- text and what it stands for
(70, 'text', '007', 'integer', 'v::integer'),
(71, 'text', '7', 'integer', 'v::integer'),
(72, 'text', '7 ', 'numeric', 'v::numeric'),
(73, 'text', 'seven', 'integer', 'v::integer'),
(74, 'text', 'yes', 'boolean', 'v::boolean'),
(75, 'text', '2020-01-01T10:00:00Z', 'timestamptz', 'v::timestamptz'),
(76, 'text', '2020-01-01T10:00:00Z', 'timestamp', 'v::timestamp'),
(77, 'text', '2020-01-01 10:00', 'date', 'v::date'),
(78, 'text', '2020-01-01', 'date', 'v::date'),
(79, 'text', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'uuid', 'v::uuid'),
(80, 'text', '{"a":1}', 'jsonb', 'v::jsonb'),
(81, 'text', '{"a":1,"a":2}', 'jsonb', 'v::jsonb'),
(82, 'json', '{"a":1,  "a":2}', 'jsonb', NULL),
(83, 'json', '{"name":"x","id":1}', 'jsonb', NULL),
(84, 'json', '{"id":1,  "name":"x"}', 'jsonb', NULL),
(85, 'jsonb', '{"a": 1}', 'json', NULL),
(86, 'text', '', 'integer', 'nullif(v, '''')::integer'),
(87, 'boolean', 't', 'text', NULL),
(88, 'boolean', 't', 'integer', 'v::integer'),
(89, 'integer', '2', 'boolean', 'v::boolean'),
(90, 'integer', '1', 'boolean', 'v::boolean'),
(91, 'integer', '65', 'text', NULL),
(92, 'float8', '0.1', 'text', NULL),
-- networks, bits, bytes
(100, 'inet', '10.1.2.3/8', 'cidr', NULL),
(101, 'inet', '10.0.0.0/8', 'cidr', NULL),
(102, 'bit(4)', '1011', 'bit(2)', 'v::bit(2)'),
(103, 'bit(4)', '1011', 'integer', 'v::integer'),
(104, 'bit(4)', '1011', 'varbit', NULL),
(105, 'text', 'abc', 'bytea', 'convert_to(v, ''UTF8'')'),
-- arrays, ranges, composites, domains, enums
(110, 'numeric[]', '{1.5,2}', 'integer[]', NULL),
(111, 'numeric[]', '{1,2}', 'integer[]', NULL),
(112, 'integer[]', '{1,2}', 'bigint[]', NULL),
(113, 'integer[]', '{1,2}', 'text[]', NULL),
(114, 'numrange', '[1.5,2.5)', 'int4range', 'int4range(lower(v)::integer, upper(v)::integer)'),
(115, 'pair', '(1,x)', 'pair', 'row((v).a, null)::pair'),
(116, 'pair', '(1,x)', 'pair', 'row((v).a, (v).b)::pair'),
(117, 'integer', '5', 'positive', NULL),
(118, 'positive', '5', 'smallint', NULL),
(119, 'mood', 'ok', 'mood2', 'v::text::mood2'),
(120, 'mood', 'ok', 'mood2', '''great''::mood2'),
(121, 'mood', 'ok', 'text', NULL),
(122, 'text', 'ok', 'mood', 'v::mood'),
-- USING whatever
(130, 'integer', '5', 'integer', 'NULL'),
(131, 'text', 'x', 'text', 'md5(v)'),
(132, 'integer', '5', 'integer', 'id'),
(133, 'integer', '5', 'integer', 'v + 0'),
(134, 'integer', NULL, 'integer', 'coalesce(v, 0)'),
(135, 'integer', NULL, 'text', 'NULL'),
(136, 'text', 'x', 'text', 'v || random()'),
(137, 'text', NULL, 'uuid', 'gen_random_uuid()'),
(138, 'integer', '1577836800', 'timestamptz', 'to_timestamp(v)');

-- Tables of a transaction of their own: what is made in one transaction loses nothing in it.
SELECT format('CREATE TABLE trial_%s (id integer DEFAULT 1, v %s)', id, old) FROM trial ORDER BY id \gexec
SELECT format('INSERT INTO trial_%s (v) VALUES (%L)', id, value) FROM trial ORDER BY id \gexec

CREATE FUNCTION try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
    EXECUTE statement;
    RETURN 'kept';
EXCEPTION
    WHEN SQLSTATE 'SG001' THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
        RETURN 'refused: ' || regexp_replace(detail, '^[^:]*: ', '');
    WHEN OTHERS THEN
        RETURN 'server: ' || SQLERRM;
END $$;
\pset format unaligned
\pset tuples_only on
SELECT id, old, value, new, transform,
       try(format('ALTER TABLE trial_%s ALTER COLUMN v TYPE %s', id, new) || coalesce(' USING ' || transform, ''))
  FROM trial ORDER BY id;
\pset tuples_only off

-- What is kept by the guard's word is kept: the values as they are now, next to what they were.
CREATE TABLE kept (id integer, now text);
SELECT format('INSERT INTO kept SELECT %s, v::text FROM trial_%1$s', id) FROM trial ORDER BY id \gexec
SELECT t.id, t.value, k.now FROM trial t JOIN kept k USING (id)
 WHERE t.value <> k.now AND NOT EXISTS
       (SELECT FROM schemaguard.refused r WHERE r.statement LIKE format('ALTER TABLE trial_%s ALTER%%', t.id))
 ORDER BY id;
