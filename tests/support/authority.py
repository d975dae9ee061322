"""Certificates for tests: an authority of their own, and what it issues, made by the openssl program."""

import ssl
import subprocess


def openssl(*arguments, cwd):
    subprocess.run(["openssl", *map(str, arguments)], cwd=cwd, check=True, capture_output=True)


class Authority:
    """A certificate authority with its files in `folder`; `issue` makes <name>.pem (certificate, key) and <name>.p12."""

    def __init__(self, folder, name="ca"):
        self.folder, self.name = folder, name
        self.file = folder / f"{name}.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out", self.file, "-days", "2",
                "-subj", f"/CN={name}", cwd=folder)

    def issue(self, name):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}", cwd=self.folder)
        (self.folder / f"{name}.ext").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", self.file, "-CAkey", f"{self.name}.key", "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext",
                "-out", f"{name}.crt", cwd=self.folder)
        out = self.folder / f"{name}.pem"
        out.write_bytes((self.folder / f"{name}.crt").read_bytes() + (self.folder / f"{name}.key").read_bytes())
        openssl("pkcs12", "-export", "-in", out, "-out", f"{name}.p12", "-passout", "pass:secret", "-certfile", self.file, cwd=self.folder)
        return out

    def context(self, certificate=None):
        out = ssl.create_default_context(cafile=self.file)
        if certificate:
            out.load_cert_chain(certificate)
        return out
