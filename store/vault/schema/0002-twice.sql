-- A worn bit in a wrapped key or in a passphrase file would cost a day or an
-- officer: both lie here twice from now on, y beside w and g beside f.
ALTER TABLE k ADD COLUMN y BLOB;
UPDATE k SET y=w;
ALTER TABLE p ADD COLUMN g BLOB;
UPDATE p SET g=f;
