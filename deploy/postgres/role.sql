-- A plain role that owns its database and may do nothing else; its password is in no list of processes.
\getenv password PINCALI_DATABASE_PASSWORD
CREATE ROLE pincali LOGIN PASSWORD :'password';
CREATE DATABASE pincali OWNER pincali;
