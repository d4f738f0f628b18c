"""PostgreSQL: transactions, repositories, the schema."""
