-- What is called otherwise is shown as such, and mended by its name: the data stay.
SET client_min_messages = warning;
CREATE EXTENSION schemaguard;
CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL);
CREATE VIEW mails AS SELECT id, email FROM users;
SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json') > 0 AS declared;
INSERT INTO users (email) VALUES ('ada@example.com'), ('bob@example.com');
ALTER TABLE users RENAME email TO mail;
CREATE SCHEMA crm;
ALTER TABLE users SET SCHEMA crm;
ALTER TABLE crm.users RENAME TO people;
ALTER TABLE crm.people ADD note text;
SELECT d.object_type, d.object, d.change, d.attribute, d.declared, d.actual, d.severity, d.data_loss, l.statement AS caused_by
  FROM schemaguard.drift() d LEFT JOIN schemaguard.ddl_log l ON l.id = d.caused_by;
SELECT step, sql, data_loss, note FROM schemaguard.fix();
SELECT step, sql, note FROM schemaguard.fix(allow_loss => true, prove => true);
SELECT state FROM schemaguard.fix() LIMIT 1 \gset
SELECT * FROM schemaguard.mend(:'state');
SELECT object, change FROM schemaguard.drift();
SELECT * FROM mails;
SELECT nextval('users_id_seq') > 2 AS "its sequence came along";

-- Where the record was off, nothing proves it.
ALTER EVENT TRIGGER schemaguard_ddl_command_end DISABLE;
ALTER TABLE users RENAME TO people;
ALTER EVENT TRIGGER schemaguard_ddl_command_end ENABLE ALWAYS;
SELECT object_type, object, change, data_loss FROM schemaguard.drift();
ALTER TABLE people RENAME TO users;

-- An unmanaged name is none of ours.
SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json', unmanaged => '{public.tmp_*}') > 0 AS declared;
ALTER TABLE users RENAME TO tmp_users;
SELECT object_type, object, change FROM schemaguard.drift() ORDER BY 1, 2;
ALTER TABLE tmp_users RENAME TO users;

-- A role that may see neither the record nor the other schema is shown the same.
ALTER TABLE users SET SCHEMA crm;
CREATE ROLE sg_renames;
SET ROLE sg_renames;
SELECT object_type, object, change, actual FROM schemaguard.drift();
RESET ROLE;
DROP ROLE sg_renames;
