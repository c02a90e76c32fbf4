#!/bin/sh
# 建一个只拥有本库的角色 / Makes a role that only owns this database. Run once by the image of PostgreSQL.
set -eu
psql --set=ON_ERROR_STOP=1 --set=password="$OWNER_PASSWORD" --username="${POSTGRES_USER:-postgres}" <<'SQL'
CREATE ROLE doorstep LOGIN PASSWORD :'password';
CREATE DATABASE doorstep OWNER doorstep ENCODING 'UTF8' TEMPLATE template0;
SQL
