"""PostgreSQL: connections, migrations, notifications, keyset pages, encryption at rest."""
