"""The encrypted database: tables, migrations, and the queries that turn rows into records."""
