"""Tokens of an identity provider for tests (JWT), signed by the openssl program."""

import base64
import json
import subprocess
import time

from tests.support.authority import openssl


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class TokenKey:
    """A key of an identity provider: its public half for the key set, and tokens signed by it."""

    def __init__(self, folder, name, algorithm):
        self.folder, self.name, self.algorithm = folder, name, algorithm
        kind = ["rsa", "-pkeyopt", "rsa_keygen_bits:2048"] if algorithm == "RS256" else ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        openssl("genpkey", "-algorithm", *kind, "-out", f"{name}.key", cwd=folder)

    def public(self):
        out = subprocess.run(["openssl", "pkey", "-in", f"{self.name}.key", "-pubout", "-outform", "DER"], cwd=self.folder, check=True, capture_output=True).stdout
        if self.algorithm == "ES256":
            return {"kty": "EC", "crv": "P-256", "kid": self.name, "x": b64(out[-64:-32]), "y": b64(out[-32:])}
        text = subprocess.run(["openssl", "rsa", "-in", f"{self.name}.key", "-noout", "-modulus"], cwd=self.folder, check=True, capture_output=True, text=True).stdout
        return {"kty": "RSA", "use": "sig", "kid": self.name, "n": b64(bytes.fromhex(text.strip().partition("=")[2])), "e": "AQAB"}

    def sign(self, message):
        (self.folder / "message").write_bytes(message)
        raw = subprocess.run(["openssl", "dgst", "-sha256", "-sign", f"{self.name}.key", "message"], cwd=self.folder, check=True, capture_output=True).stdout
        if self.algorithm == "RS256":
            return raw
        first = raw[4:4 + raw[3]]
        second = raw[6 + raw[3]:]
        return b"".join(int.from_bytes(part, "big").to_bytes(32, "big") for part in (first, second))

    def token(self, head=None, **claims):
        claims = {"iss": "https://id.example", "aud": "bywash", "sub": "kim", "exp": time.time() + 600, **claims}
        parts = [{"alg": self.algorithm, "kid": self.name, **(head or {})}, {name: value for name, value in claims.items() if value is not None}]
        message = ".".join(b64(json.dumps(part).encode()) for part in parts)
        return f"{message}.{b64(self.sign(message.encode()))}"
