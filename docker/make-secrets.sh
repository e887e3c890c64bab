#!/bin/sh
# Random secrets for the compose files, made once: docker/make-secrets.sh [FOLDER]
#
# Compose hands a file over with the mode that it has here, to containers that run as different users: so each file
# can be read by anybody, in a folder that nobody else on this machine can enter.
set -eu

folder=${1:-$(dirname "$0")/secrets}
if [ -e "$folder" ]; then
    echo "$folder: exists already; the databases know its passwords, so nothing is changed" >&2
    exit 2
fi

random() { od -An -vtx1 -N32 /dev/urandom | tr -d ' \n'; }
database=$(random)
queue=$(random)

new="$folder.new"
rm -rf "$new"
mkdir -m 0700 "$new"
umask 0222
printf %s "$database" > "$new/database_password"
printf 'postgresql+asyncpg://twofold:%s@database/twofold' "$database" > "$new/database_url"
printf 'redis://:%s@queue:6379/0' "$queue" > "$new/redis_url"
cat > "$new/queue.conf" <<CONF
requirepass $queue
appendonly yes
appendfsync always
save ""
maxmemory-policy noeviction
dir /data
CONF
random > "$new/auth_secret_key"
random > "$new/owner_password"
random > "$new/owner_api_key"
mv "$new" "$folder"
echo "$folder: the owner signs in as owner, with the password in owner_password"
