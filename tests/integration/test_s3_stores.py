"""What an S3 store can do beyond storing, as the sink asks for it: encryption, ACLs, tags, checksums, a private authority, profiles."""

import base64
import datetime
import hashlib
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.faulty_store import FaultyStore
from tests.support.kafka_clients import unique

_KEY = bytes(range(32))
_SSE = "x-amz-server-side-encryption"

# Configuration → headers that the request which makes the object must have.
FEATURES = {
    "sse-s3": ({"s3.ssea.name": "AES256"}, {_SSE: "AES256"}),
    "sse-kms": ({"s3.ssea.name": "aws:kms", "s3.sse.kms.key.id": "key-1"}, {_SSE: "aws:kms", _SSE + "-aws-kms-key-id": "key-1"}),
    "sse-c": ({"s3.ssea.name": "AES256", "s3.sse.customer.key": base64.b64encode(_KEY).decode()},
              {_SSE + "-customer-algorithm": "AES256", _SSE + "-customer-key": base64.b64encode(_KEY).decode(),
               _SSE + "-customer-key-md5": base64.b64encode(hashlib.md5(_KEY).digest()).decode()}),
    "acl": ({"s3.acl.canned": "bucket-owner-full-control"}, {"x-amz-acl": "bucket-owner-full-control"}),
    "digest": ({"s3.send.digest": "true"}, {"content-md5": None}),
    "plain": ({}, {}),
}


def sink(topic, bucket, endpoint, **more):
    return {"connector.class": "io.confluent.connect.s3.S3SinkConnector", "topics": topic, "s3.bucket.name": bucket, "s3.region": "us-east-1", "flush.size": "3",
            "store.url": endpoint, "format.class": "io.confluent.connect.s3.format.json.JsonFormat", "storage.class": "io.confluent.connect.s3.storage.S3Storage", **more}


def test_encryption_acl_and_checksums_are_asked_for(kafka, s3, bucket, topic, start_bywash):
    kafka.produce_many(topic, [b"{}"] * 3)
    with FaultyStore(s3.endpoint) as store:
        worker = start_bywash(kafka.bootstrap, env=s3.environment(), worker={"offset.flush.interval.ms": "200"})
        for in_parts in ({}, {"rotate.age.ms": "60000"}):  # one request, and a multipart upload
            names = {}
            for feature, (config, _) in FEATURES.items():
                names[feature] = unique(feature)
                worker.create(names[feature], sink(topic, bucket, store.endpoint, **config, **in_parts, **{"topics.dir": names[feature]}))
            for feature, (_, wanted) in FEATURES.items():
                kafka.wait_committed(f"connect-{names[feature]}", topic)
                made = [headers for step, path, headers in store.requests if step == ("create" if in_parts else "put") and f"/{names[feature]}/" in path]
                assert len(made) == 1
                if feature == "digest":
                    made = [headers for step, path, headers in store.requests if step in ("put", "part") and f"/{names[feature]}/" in path]
                for name, value in wanted.items():
                    assert name in made[0] and value in (None, made[0][name]), (feature, name)
                if feature == "plain":
                    assert not [name for name in made[0] if name.startswith((_SSE, "x-amz-acl", "content-md5"))]


def test_tags_say_what_is_in_the_object(kafka, s3, bucket, topic, start_bywash):
    kafka.produce_many(topic, [b"{}"] * 3)
    worker = start_bywash(kafka.bootstrap, env=s3.environment(), worker={"offset.flush.interval.ms": "200"})
    name = unique("tags")
    worker.create(name, sink(topic, bucket, s3.endpoint, **{"s3.object.tagging": "true", "s3.object.tagging.key.value.pairs": "team:data,cost:1"}))
    kafka.wait_committed(f"connect-{name}", topic)
    tags = s3.client().get_object_tagging(Bucket=bucket, Key=s3.keys(bucket)[0])["TagSet"]
    assert {t["Key"]: t["Value"] for t in tags} == {"startOffset": "0", "endOffset": "2", "recordCount": "3", "team": "data", "cost": "1"}


@pytest.fixture
def private_authority(tmp_path):
    """(the authority's certificate as a file, a server's context with a certificate for localhost by it)."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def certificate(name, key, issuer, issuer_key, extension, critical):
        return (x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
                .add_extension(extension, critical).sign(issuer_key, hashes.SHA256()))

    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority, server = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("a private authority", "localhost"))
    own = certificate(authority, authority_key, authority, authority_key, x509.BasicConstraints(True, None), True)
    of_server = certificate(server, key, authority, authority_key, x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
    (tmp_path / "authority.pem").write_bytes(own.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "server.pem").write_bytes(of_server.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    return tmp_path / "authority.pem", context


def test_tls_with_a_private_authority_and_keys_of_a_profile(kafka, s3, bucket, topic, start_bywash, tmp_path, private_authority):
    kafka.produce_many(topic, [b"{}"] * 3)
    authority, context = private_authority
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id = other\naws_secret_access_key = other\n"
                                          "[delivery]\naws_access_key_id = profile-key\naws_secret_access_key = profile-secret\n", encoding="ascii")
    env = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true", "AWS_PROFILE": "delivery",
           "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials")}
    with FaultyStore(s3.endpoint, tls=context) as store:
        worker = start_bywash(kafka.bootstrap, env={**env, "AWS_CA_BUNDLE": str(authority)}, worker={"offset.flush.interval.ms": "200"})
        name = unique("tls")
        worker.create(name, sink(topic, bucket, store.endpoint))
        kafka.wait_committed(f"connect-{name}", topic)
        assert len(s3.keys(bucket)) == 1
        assert all("Credential=profile-key/" in headers["authorization"] for _, _, headers in store.requests)
        # Without the authority nothing is sent.
        before = len(store.requests)
        stranger = start_bywash(kafka.bootstrap, env=env)
        stranger.create(unique("tls"), sink(topic, bucket, store.endpoint))
        trace = stranger.wait_state(stranger.request("GET", "/connectors")[0], "FAILED")["tasks"][0]["trace"]
        assert "certificate" in trace.lower() and len(store.requests) == before
