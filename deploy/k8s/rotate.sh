#!/bin/sh
# Replaces the signing key of a service while everything runs. Each step restarts all processes, one replica at a time:
#
#   rotate.sh announce auth    every process learns the next key
#   rotate.sh switch auth      auth signs with it, and its previous key is still trusted
#   rotate.sh retire auth      the previous key is no longer trusted; wait a day, until the last token it signed has expired
#
# The services are auth, selfie, matcher and gateway; in place of one, `master` is the key that encrypts faces: everything is
# encrypted with the next one before the previous one is retired. A step that failed can be repeated. Needs kubectl and openssl.
set -eu
umask 077
namespace=minois
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

kube() { kubectl --namespace "$namespace" "$@"; }
entry() { kube get secret "$secret" -o "jsonpath={.data.$1}"; }
change() {
	printf '{"data": {%s}}' "$1" >"$folder/patch"
	kube patch secret "$secret" --type=merge --patch-file "$folder/patch" >/dev/null
}
write_master() {
	change "\"master.key\": \"$(printf '%s\n' "$1" "$2" | sed '/^$/d' | base64 | tr -d '\n')\", \"next.key\": $3"
}
# Prints how much each service has encrypted with the first key.
reencrypt() {
	kube exec deployment/selfie-worker -c minois -- python -m selfie_service reencrypt
	kube exec deployment/indexer -c minois -- python -m matcher_service reencrypt
}
restart() {
	"$(dirname "$0")/secrets.sh" keys
	pods=$(kube get pods --selector pod-template-hash -o name)
	kube rollout restart deployment
	for deployment in $(kube get deployment -o name); do kube rollout status "$deployment" --timeout=15m; done
	# A terminating pod still answers for a while, with the keys that it has.
	# shellcheck disable=SC2086  # one argument for each pod
	kube wait --for=delete $pods --timeout=5m
	kube annotate --overwrite secret "$secret" "minois/key=$1" >/dev/null
}
require() {
	[ "$(kube get secret "$secret" -o 'jsonpath={.metadata.annotations.minois/key}')" = "$1" ] && return
	echo "The key of $service is not $1: see $0 without arguments for the order of the steps." >&2
	exit 1
}

step=${1:-} service=${2:-}
case $service in
auth | selfie | matcher | gateway) secret=key-$service ;;
master) secret=master-key ;;
*) step= ;;
esac

kind=
[ "$service" != master ] || kind=-master
case $step$kind in
announce-master)
	if [ -z "$(entry 'next\.key')" ]; then
		next=$(openssl rand -base64 32)
		write_master "$(entry 'master\.key' | base64 -d)" "$next" "\"$(printf %s "$next" | base64)\""
	fi
	restart announced
	;;
switch-master)
	require announced
	next=$(entry 'next\.key' | base64 -d)
	if [ -n "$next" ]; then
		write_master "$next" "$(entry 'master\.key' | base64 -d | grep -vxF "$next")" null
	fi
	restart switched
	;;
retire-master)
	require switched
	reencrypt
	if [ "$(reencrypt | grep -cF '{"sealed": {}}')" != 2 ]; then
		echo "Some data is still encrypted with the previous key: repeat this step." >&2
		exit 1
	fi
	write_master "$(entry 'master\.key' | base64 -d | head -n 1)" '' null
	restart retired
	;;
announce)
	if [ -z "$(entry 'next\.pem')" ]; then
		next=$(openssl genpkey -algorithm ed25519 | base64 | tr -d '\n')
		change "\"next.pem\": \"$next\""
	fi
	restart announced
	;;
switch)
	require announced
	next=$(entry 'next\.pem')
	if [ -n "$next" ]; then
		previous=$(entry 'key\.pem' | base64 -d | openssl pkey -pubout | base64 | tr -d '\n')
		change "\"key.pem\": \"$next\", \"next.pem\": null, \"previous.pub.pem\": \"$previous\""
	fi
	restart switched
	;;
retire)
	require switched
	change '"previous.pub.pem": null'
	restart retired
	;;
*)
	sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
