#!/bin/sh
# Creates what the manifests expect to exist and no file may hold: keys, the database's password, access to S3. Keep a
# copy of the master key, which encrypts faces, apart from all backups (docs/operations/kubernetes.md).
# Whatever exists already stays as it is. Needs kubectl and openssl.
#
#   secrets.sh local                   for overlays/local
#   secrets.sh production              for overlays/production, with the database of database.yaml
#   DATABASE_URL=... LISTEN_URL=... secrets.sh production    with a PostgreSQL of your own
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
entry() { kubectl --namespace "$namespace" get secret "key-$1" -o "jsonpath={.data.$2}" | base64 -d; }
publish() {
	entry "$1" 'key\.pem' | openssl pkey -pubout -out "$folder/$1.pub.pem"
	# While rotate.sh replaces the key, there is one more.
	next=$(entry "$1" 'next\.pem') previous=$(entry "$1" 'previous\.pub\.pem')
	[ -z "$next" ] || printf '%s\n' "$next" | openssl pkey -pubout -out "$folder/$1.next.pub.pem"
	[ -z "$previous" ] || printf '%s\n' "$previous" >"$folder/$1.previous.pub.pem"
}

case ${1:-} in
local) direct=postgres pooled=postgres ;;
production) direct=database-rw.$namespace pooled=database-pooler.$namespace ;;
keys) ;;
*) sed -n '2,13s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
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

if ! exists secret database; then
	password=$(random)
	if [ -z "${DATABASE_URL:-}" ]; then
		create secret generic database-owner --type=kubernetes.io/basic-auth \
			--from-literal=username=minois --from-literal=password="$password"
	fi
	create secret generic database \
		--from-literal=DATABASE_URL="${DATABASE_URL:-postgresql://minois:$password@$pooled/minois}" \
		--from-literal=LISTEN_URL="${LISTEN_URL:-postgresql://minois:$password@$direct/minois}"
fi

if [ "$1" = local ]; then
	AWS_ACCESS_KEY_ID=${AWS_ACCESS_KEY_ID:-minois}
	AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY:-$(random)}
fi
if [ -n "${AWS_ACCESS_KEY_ID:-}" ] && ! exists secret file-store; then
	create secret generic file-store --from-literal=AWS_ACCESS_KEY_ID="$AWS_ACCESS_KEY_ID" \
		--from-literal=AWS_SECRET_ACCESS_KEY="$AWS_SECRET_ACCESS_KEY"
fi
