-- A role for dashboards and analysts: it reads the tables and views of Pincali Sync, later ones too,
-- and changes nothing. Run this as often as you like, as the owner of the tables with the right to
-- create roles, or as a superuser:
--
--     psql "$DATABASE_URL" -f scripts/readonly_role.sql -c '\password pincali_reader'
--
-- For the embedded database: .venv/bin/python -m pincali_workshop.stack reader

DO $$
DECLARE
    owner text := (SELECT tableowner FROM pg_tables
                    WHERE schemaname = 'public' AND tablename = 'forgotten_people');
BEGIN
    IF owner IS NULL THEN
        RAISE EXCEPTION 'there is no table forgotten_people here: is this the database, and up to date?';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pincali_reader') THEN
        CREATE ROLE pincali_reader LOGIN;
    END IF;
    -- What it may do comes from the grants below; these keep a careless query from doing harm.
    ALTER ROLE pincali_reader SET default_transaction_read_only = on;
    ALTER ROLE pincali_reader SET statement_timeout = '5min';
    -- A transaction that somebody forgot keeps VACUUM from its work.
    ALTER ROLE pincali_reader SET idle_in_transaction_session_timeout = '5min';

    EXECUTE format('GRANT CONNECT ON DATABASE %I TO pincali_reader', current_database());
    GRANT USAGE ON SCHEMA public TO pincali_reader;
    REVOKE ALL ON ALL TABLES IN SCHEMA public FROM pincali_reader;
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO pincali_reader;
    -- With its key one can try whether somebody asked to be forgotten.
    REVOKE ALL ON forgotten_people FROM pincali_reader;
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public '
                   'GRANT SELECT ON TABLES TO pincali_reader', owner);
END $$;
