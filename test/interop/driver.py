# Signs and verifies with model_signing: one request per line on stdin, one answer per line on stdout, both JSON.
import contextlib
import json
import pathlib
import sys

from model_signing import hashing, signing, verifying


def to_hashing(request):
    config = hashing.Config()
    options = {"hashing_algorithm": request["hash"], "allow_symlinks": request["allowSymlinks"]}
    if request["shardSize"]:
        config.use_shard_serialization(shard_size=request["shardSize"], **options)
    else:
        config.use_file_serialization(**options)
    config.set_allow_symlinks(request["allowSymlinks"])
    return config.set_ignored_paths(
        paths=[pathlib.Path(path) for path in request["ignored"]], ignore_git_paths=request["ignoreGit"]
    )


def sign(request):
    config = signing.Config().set_hashing_config(to_hashing(request))
    key = pathlib.Path(request["privateKey"])
    if request["chain"]:
        first, *rest = [pathlib.Path(path) for path in request["chain"]]
        config.use_certificate_signer(private_key=key, signing_certificate=first, certificate_chain=rest)
    else:
        config.use_elliptic_key_signer(private_key=key)
    config.sign(pathlib.Path(request["model"]), pathlib.Path(request["signature"]))


def verify(request):
    config = verifying.Config().set_ignore_unsigned_files(request["ignoreUnsigned"])
    if "named" in request:
        config.use_sigstore_verifier(
            identity=request["named"]["identity"],
            oidc_issuer=request["named"]["issuer"],
            trust_config=pathlib.Path(request["named"]["trustConfig"]),
        )
    elif request["chain"]:
        config.use_certificate_verifier(certificate_chain=[pathlib.Path(path) for path in request["chain"]])
    else:
        config.use_elliptic_key_verifier(public_key=pathlib.Path(request["publicKey"]))
    config.verify(pathlib.Path(request["model"]), pathlib.Path(request["signature"]))


for line in sys.stdin:
    request = json.loads(line)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            {"sign": sign, "verify": verify}[request["act"]](request)
        answer = {"ok": True, "why": ""}
    except Exception as error:
        answer = {"ok": False, "why": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
