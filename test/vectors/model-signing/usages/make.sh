#!/bin/sh
# Makes the certificates of this folder anew, with openssl. Their keys are thrown away: the tests only follow paths.
# `named-alike` and `alone` are as those that the model signing projects publish their test signatures with.
set -eu
keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$keys/$1.key" 2>/dev/null; }
# name, issuer, extensions, name in the certificate
issue() {
  key "$1"
  printf '%b' "$3" > "$keys/ext"
  openssl req -new -key "$keys/$1.key" -subj "/CN=${4:-$1}" -out "$keys/csr" 2>/dev/null
  openssl x509 -req -in "$keys/csr" -CA "$2.pem" -CAkey "$keys/$2.key" -CAcreateserial -CAserial "$keys/serial" \
    -days 7300 -extfile "$keys/ext" -out "$1.pem" 2>/dev/null
}
self() {
  key "$1"
  printf '[req]\ndistinguished_name=name\n[name]\n[own]\nsubjectKeyIdentifier=hash\n%b' "$2" > "$keys/config"
  openssl req -x509 -key "$keys/$1.key" -subj "/CN=$1" -days "${3:-7300}" -out "$1.pem" \
    -config "$keys/config" -extensions own 2>/dev/null
}
CA='basicConstraints=critical,CA:TRUE\n'
self root "${CA}keyUsage=critical,keyCertSign\n"
issue between root "${CA}keyUsage=critical,keyCertSign\n"
# An authority that may not issue anything, named as the one that issued it.
issue named-alike between "${CA}keyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n" between
# An authority that may issue, and sign as well.
issue signing-authority between "${CA}keyUsage=critical,digitalSignature,keyCertSign\nextendedKeyUsage=codeSigning\n"
issue any-usage between "${CA}extendedKeyUsage=codeSigning\n"
issue no-purpose between 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n'
self alone "${CA}keyUsage=digitalSignature\nextendedKeyUsage=codeSigning\n"
self alone-no-purpose "${CA}keyUsage=digitalSignature\n"
