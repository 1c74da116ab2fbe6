-- The database and its roles, made by a superuser before the first migration. Safe to repeat.
-- psql reads the passwords from the environment: they stand in no command line and in no log.
\set ON_ERROR_STOP on
\set QUIET on
\getenv migrator_password MIGRATOR_PASSWORD
\getenv writer_password WRITER_PASSWORD
\getenv reader_password READER_PASSWORD
\getenv monitor_password MONITOR_PASSWORD
\getenv operator_password OPERATOR_PASSWORD
\getenv replicator_password REPLICATOR_PASSWORD

SET client_min_messages = warning;
SET password_encryption = 'scram-sha-256';

SELECT format('CREATE ROLE %I', role)
  FROM unnest(ARRAY['migrator', 'writer', 'reader', 'monitor', 'operator', 'replicator']) AS role
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec

-- migrator owns the database and runs the migrations, writer changes rows, reader cannot change anything,
-- operator is for the dead letters of every tenant, and cannot change anything either.
-- The migrations grant what each may touch.
ALTER ROLE migrator WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'migrator_password';
ALTER ROLE writer WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'writer_password';
ALTER ROLE reader WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'reader_password';
ALTER ROLE monitor WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'monitor_password';
ALTER ROLE operator WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'operator_password';
ALTER ROLE replicator WITH LOGIN REPLICATION NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'replicator_password';

-- PgBouncer refuses timeouts as start-up parameters, so they belong to the roles.
ALTER ROLE reader SET statement_timeout = '3s';
ALTER ROLE reader SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE reader SET default_transaction_read_only = on;
ALTER ROLE writer SET statement_timeout = '10s';
ALTER ROLE writer SET lock_timeout = '2s';
ALTER ROLE writer SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE monitor SET statement_timeout = '5s';
ALTER ROLE operator SET statement_timeout = '30s';
ALTER ROLE operator SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE operator SET default_transaction_read_only = on;
ALTER ROLE migrator SET lock_timeout = '5s';

-- The reader measures how far a replica is (pg_stat_wal_receiver); the monitor sees all statistics.
GRANT pg_read_all_stats TO reader;
GRANT pg_monitor TO monitor;

SELECT 'CREATE DATABASE spillway OWNER migrator'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'spillway') \gexec

REVOKE ALL ON DATABASE spillway FROM PUBLIC;
GRANT CONNECT ON DATABASE spillway TO writer, reader, monitor, operator;

-- Where the server has it: it tells of every database, so it is made in one only, this one.
SELECT 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements'
 WHERE EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements') \gexec
