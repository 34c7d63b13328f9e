"""A browser's side of web push by an implementation that is not ours: http_ece for RFC 8291 and
cryptography for RFC 8292.

  web_push.py keys PRIVATE          makes keys; writes the private one, prints those to register with
  web_push.py open PRIVATE AUTHORIZATION < BODY
                                    prints the claims and the message; fails where anything is wrong
"""
import base64
import json
import sys

import http_ece
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

AUTH = b"sixteen bytes ok"


def encoded(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def keys(path):
    private = ec.generate_private_key(ec.SECP256R1())
    with open(path, "wb") as file:
        file.write(
            private.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    point = private.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    print(json.dumps({"p256dh": encoded(point), "auth": encoded(AUTH)}))


def opened(path, authorization):
    scheme, _, parameters = authorization.partition(" ")
    assert scheme == "vapid", scheme
    named = dict(part.strip().split("=", 1) for part in parameters.split(","))
    head, claims, signature = named["t"].split(".")
    assert json.loads(decoded(head)) == {"typ": "JWT", "alg": "ES256"}
    raw = decoded(signature)
    assert len(raw) == 64, len(raw)
    numbers = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(named["k"]))
    signed = f"{head}.{claims}".encode()
    key.verify(encode_dss_signature(*numbers), signed, ec.ECDSA(hashes.SHA256()))
    with open(path, "rb") as file:
        private = serialization.load_pem_private_key(file.read(), None)
    body = sys.stdin.buffer.read()
    assert len(body) <= 4096, len(body)
    message = http_ece.decrypt(body, private_key=private, auth_secret=AUTH, version="aes128gcm")
    print(json.dumps({"claims": json.loads(decoded(claims)), "message": json.loads(message)}))


if sys.argv[1] == "keys":
    keys(sys.argv[2])
else:
    opened(sys.argv[2], sys.argv[3])
