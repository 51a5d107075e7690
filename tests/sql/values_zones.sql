-- GUARD 10: a time zone's abbreviation that the server reads as another zone's is no way back. From 18 on
-- the session's own zone comes first, so that there nothing is lost.
CREATE EXTENSION schemaguard;
CREATE TABLE zoned (t timestamptz);
INSERT INTO zoned VALUES ('2020-01-01 00:00+00');
BEGIN;
SET LOCAL timezone = 'Asia/Kolkata';
SET LOCAL datestyle = 'SQL, DMY';
ALTER TABLE zoned ALTER t TYPE text;
ROLLBACK;
