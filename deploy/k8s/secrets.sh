#!/bin/sh
# Creates the Secrets that the manifests require: keys, database passwords, access to S3. Keep a
# copy of the master key, which encrypts faces, apart from all backups (docs/operations/kubernetes.md).
# Existing Secrets are left unchanged. Needs kubectl and openssl.
#
#   secrets.sh local                   for overlays/local
#   secrets.sh production              for overlays/production, with the database of database.yaml
#   OWNER_URL=... DATABASE_URL=... LISTEN_URL=... secrets.sh production    with a PostgreSQL of your own (OWNER_URL: a
#                                      superuser, past the pooler; without it all services share the role of the others)
#   secrets.sh keys                    creates and publishes keys only
#
# AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are taken from the environment; without them, pods of production use the
# role of their service account.
set -eu
umask 077
namespace=minois
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

exists() { kubectl --namespace "$namespace" get "$1" "$2" >/dev/null 2>&1; }
create() { kubectl --namespace "$namespace" create "$@"; }
random() { openssl rand -hex 24; }
value() { kubectl --namespace "$namespace" get secret "$1" -o "jsonpath={.data.$2}" | base64 -d; }
entry() { value "key-$1" "$2"; }
publish() {
	entry "$1" 'key\.pem' | openssl pkey -pubout -out "$folder/$1.pub.pem"
	# While rotate.sh replaces the key, there is one more.
	next=$(entry "$1" 'next\.pem') previous=$(entry "$1" 'previous\.pub\.pem')
	[ -z "$next" ] || printf '%s\n' "$next" | openssl pkey -pubout -out "$folder/$1.next.pub.pem"
	[ -z "$previous" ] || printf '%s\n' "$previous" >"$folder/$1.previous.pub.pem"
}

case ${1:-} in
local) owner=minois direct=postgres/minois pooled=postgres/minois ;;
production) owner=postgres direct=database-rw.$namespace/minois pooled=database-pooler.$namespace/minois ;;
keys) ;;
*) sed -n '2,14s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

exists namespace "$namespace" || kubectl apply -f "$(dirname "$0")/base/namespace.yaml"

for name in auth selfie matcher gateway; do
	if ! exists secret "key-$name"; then
		openssl genpkey -algorithm ed25519 -out "$folder/key.pem"
		create secret generic "key-$name" --from-file="$folder/key.pem"
	fi
	rm -f "$folder/key.pem"
	publish "$name"
done
if ! exists secret master-key; then
	openssl rand -base64 32 >"$folder/master.key"
	create secret generic master-key --from-file="$folder/master.key"
	rm "$folder/master.key"
fi
# The public halves follow from the private ones, so a key that was replaced is published by running this again.
create configmap public-keys --from-file="$folder" --dry-run=client -o yaml | kubectl apply -f -
[ "$1" != keys ] || exit 0

# PostgreSQL: the owner, and one role per service, which the migrations create.
create_owner() {
	exists secret "$1" || create secret generic "$1" --type=kubernetes.io/basic-auth \
		--from-literal=username="$2" --from-literal=password="$(random)"
}
create_role() {
	exists secret "database-$1" || create secret generic "database-$1" \
		--from-literal=DATABASE_URL="postgresql://$2@$pooled" --from-literal=LISTEN_URL="postgresql://$2@$direct"
}
address_of() { printf '%s\n' "$1" | sed 's#^[a-z]*://##; s#^[^/]*@##'; }
has_roles=yes
if [ -z "${DATABASE_URL:-}" ]; then
	create_owner database-owner minois
	[ "$owner" = minois ] || create_owner database-superuser "$owner"
	secret=database-owner
	[ "$owner" = minois ] || secret=database-superuser
	OWNER_URL="postgresql://$owner:$(value $secret password)@$direct"
else
	LISTEN_URL=${LISTEN_URL:-$DATABASE_URL}
	pooled=$(address_of "$DATABASE_URL") direct=$(address_of "$LISTEN_URL")
	[ -n "${OWNER_URL:-}" ] || has_roles=
fi
for service in auth selfie matcher; do
	if [ -n "$has_roles" ]; then
		create_role $service "minois_$service:$(random)"
		# From the Secret, which may already exist.
		password=$(value database-$service DATABASE_URL | sed 's#^[a-z]*://[^:]*:\([^@]*\)@.*#\1#')
		printf '*:*:*:minois_%s:%s\n' $service "$password" >>"$folder/pgpass"
	elif ! exists secret database-$service; then
		create secret generic database-$service --from-literal=DATABASE_URL="$DATABASE_URL" \
			--from-literal=LISTEN_URL="$LISTEN_URL"
	fi
done
if ! exists secret database-migrate; then
	if [ -n "$has_roles" ]; then
		create secret generic database-migrate --from-literal=DATABASE_URL="$OWNER_URL" \
			--from-literal=ROLE_PASSWORDS=/tmp/pgpass --from-file="$folder/pgpass"
	else
		create secret generic database-migrate --from-literal=DATABASE_URL="$LISTEN_URL"
	fi
fi

if [ "$1" = local ]; then
	AWS_ACCESS_KEY_ID=${AWS_ACCESS_KEY_ID:-minois}
	AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY:-$(random)}
fi
if [ -n "${AWS_ACCESS_KEY_ID:-}" ] && ! exists secret file-store; then
	create secret generic file-store --from-literal=AWS_ACCESS_KEY_ID="$AWS_ACCESS_KEY_ID" \
		--from-literal=AWS_SECRET_ACCESS_KEY="$AWS_SECRET_ACCESS_KEY"
fi
