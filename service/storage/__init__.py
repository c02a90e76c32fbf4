"""SQL and files. Everything that is kept goes through here; imports the domain only."""
