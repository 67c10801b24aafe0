#!/bin/sh
# Makes the authority and the server of this folder anew, with openssl. The server's key is for tests on loopback alone;
# the authority's is thrown away.
set -eu
cd "$(dirname "$0")"
keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT
openssl ecparam -name prime256v1 -genkey -noout -out "$keys/authority.key" 2>/dev/null
openssl req -x509 -key "$keys/authority.key" -subj "/O=Acme/CN=registries" -days 7300 -out authority.pem \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign 2>/dev/null
openssl ecparam -name prime256v1 -genkey -noout -out server.key 2>/dev/null
openssl req -new -key server.key -subj "/O=Acme/CN=registry" -out "$keys/csr" 2>/dev/null
printf 'subjectAltName=DNS:registry.test,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' > "$keys/ext"
openssl x509 -req -in "$keys/csr" -CA authority.pem -CAkey "$keys/authority.key" -CAcreateserial \
  -CAserial "$keys/serial" -days 7300 -extfile "$keys/ext" -out server.pem 2>/dev/null
