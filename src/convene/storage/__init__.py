"""The only place that knows SQL (SQLAlchemy Core). `tables` is the schema at one sight, `engine` opens a database."""
