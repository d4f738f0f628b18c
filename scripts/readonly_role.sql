-- A role for dashboards and analysts: it reads the tables and views of Pincali Sync, later ones too,
-- and changes nothing. Run this as often as you like, as a role that may create roles and is the owner
-- of the tables or a member of it, or as a superuser; not as the product's own, which may create none:
--
--     psql "service=administrator dbname=pincali" -f scripts/readonly_role.sql -c '\password pincali_reader'
--
-- Where the tables are in a schema of their own, begin with it: -c 'SET search_path = pincali' -f …
-- For the embedded database: .venv/bin/python -m pincali_workshop.stack reader

\set ON_ERROR_STOP on

DO $$
DECLARE
    forgotten regclass := to_regclass('forgotten_people');
    place text;
    owner text;
BEGIN
    IF forgotten IS NULL THEN
        RAISE EXCEPTION 'there is no table forgotten_people here: is this the database, and up to date? '
                        'Are the tables in a schema that is not in the search_path?';
    END IF;
    SELECT relnamespace::regnamespace::text, pg_get_userbyid(relowner) INTO place, owner
      FROM pg_class WHERE oid = forgotten;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pincali_reader') THEN
        CREATE ROLE pincali_reader LOGIN;
    END IF;
    -- What it may do comes from the grants below; these keep a careless query from doing harm.
    ALTER ROLE pincali_reader SET default_transaction_read_only = on;
    ALTER ROLE pincali_reader SET statement_timeout = '5min';
    -- A transaction that somebody forgot keeps VACUUM from its work.
    ALTER ROLE pincali_reader SET idle_in_transaction_session_timeout = '5min';
    EXECUTE format('ALTER ROLE pincali_reader IN DATABASE %I SET search_path = %s', current_database(), place);

    EXECUTE format('GRANT CONNECT ON DATABASE %I TO pincali_reader', current_database());
    EXECUTE format('GRANT USAGE ON SCHEMA %s TO pincali_reader', place);
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %s FROM pincali_reader', place);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %s TO pincali_reader', place);
    -- With its key one can try whether somebody asked to be forgotten.
    EXECUTE format('REVOKE ALL ON %s FROM pincali_reader', forgotten);
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %s '
                   'GRANT SELECT ON TABLES TO pincali_reader', owner, place);
END $$;
