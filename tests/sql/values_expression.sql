-- GUARD 12: SET EXPRESSION computes stored values anew (PostgreSQL 17 and later).
SELECT current_setting('server_version_num')::integer >= 170000 AS can \gset
\if :can
CREATE EXTENSION schemaguard;
CREATE TABLE price (net numeric, gross numeric GENERATED ALWAYS AS (net * 1.19) STORED);
INSERT INTO price VALUES (100), (0), (NULL);
ALTER TABLE price ALTER gross SET EXPRESSION AS (net * 1.07);
ALTER TABLE price ALTER gross SET EXPRESSION AS (1.19 * net);
-- The server's own answer.
ALTER TABLE price ALTER gross SET EXPRESSION AS (random());
ALTER TABLE price ALTER net SET EXPRESSION AS (1);
ALTER TABLE price ALTER gross SET EXPRESSION AS (nothing);
BEGIN;
SELECT schemaguard.accept_data_loss('the tax is lower');
ALTER TABLE price ALTER gross SET EXPRESSION AS (net * 1.07);
COMMIT;
SELECT * FROM price ORDER BY net;
SELECT verdict, rule, reason FROM schemaguard.ddl_log WHERE rule IS NOT NULL ORDER BY id;
\else
\echo before PostgreSQL 17 there is no SET EXPRESSION
\endif
