"""A stranger who sends a letter: with smtplib through STARTTLS, signed by dkimpy, and with the name
server that knows the signature's key and the domain's policy.

    smtp_edge.py SMTP_PORT DNS_PORT CERTIFICATE KEY RECIPIENT (genuine|forged)

Prints the reply to the letter as JSON."""

import json
import smtplib
import socket
import ssl
import subprocess
import sys
import threading

import dkim

smtp_port, dns_port, certificate, key, recipient, kind = sys.argv[1:]
# Each kind has a domain of its own: answers of name servers are kept for a while.
DOMAIN = f"{kind}.example"

public = subprocess.run(
    ["openssl", "rsa", "-in", key, "-pubout"], capture_output=True, check=True, text=True
).stdout
public = "".join(line for line in public.splitlines() if "-" not in line)
ZONE = {
    DOMAIN: "v=spf1 ip4:127.0.0.0/8 -all" if kind == "genuine" else "v=spf1 -all",
    f"s1._domainkey.{DOMAIN}": f"v=DKIM1; k=rsa; p={public}",
    f"_dmarc.{DOMAIN}": "v=DMARC1; p=reject",
}


def answer(question):
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode().lower())
        at += question[at] + 1
    name, is_txt = ".".join(labels), question[at + 1 : at + 3] == b"\0\x10"
    known = any(one == name or one.endswith("." + name) for one in ZONE)
    text = ZONE.get(name) if is_txt else None
    head = question[:2] + bytes([0x81, 0x80 if known else 0x83, 0, 1, 0, text is not None])
    body = head + bytes(4) + question[12 : at + 5]
    if text is not None:
        parts = [text[i : i + 255].encode() for i in range(0, len(text), 255)]
        data = b"".join(bytes([len(part)]) + part for part in parts)
        body += b"\xc0\x0c\0\x10\0\x01\0\0\0\x3c" + len(data).to_bytes(2, "big") + data
    return body


def serve(udp):
    while True:
        question, sender = udp.recvfrom(1500)
        udp.sendto(answer(question), sender)


udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", int(dns_port)))
threading.Thread(target=serve, args=(udp,), daemon=True).start()

letter = (
    f"From: cron@{DOMAIN}\r\nTo: {recipient}\r\nSubject: backup failed\r\n"
    f"Message-ID: <{kind}@{DOMAIN}>\r\n\r\nexit 2\r\n"
).encode()
with open(key, "rb") as file:
    letter = dkim.sign(letter, b"s1", DOMAIN.encode(), file.read()) + letter
if kind == "forged":
    letter = letter.replace(b"exit 2", b"exit 0")

context = ssl.create_default_context(cafile=certificate)
with smtplib.SMTP("127.0.0.1", int(smtp_port), local_hostname=f"mail.{DOMAIN}", timeout=20) as smtp:
    smtp.ehlo()
    offered = smtp.has_extn("starttls")
    smtp.starttls(context=context)
    smtp.ehlo()
    version = smtp.sock.version()
    again = smtp.has_extn("starttls")
    smtp.mail(f"cron@{DOMAIN}")
    smtp.rcpt(recipient)
    code, words = smtp.data(letter)
print(json.dumps({"offered": offered, "again": again, "tls": version, "code": code, "words": words.decode()}))
