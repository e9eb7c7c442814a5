"""The message that `make run` prints when everything is ready."""

import io
import os
import shlex

import segno

from deploy.local.certificate import LocalCertificate
from deploy.local.system import LocalSystem
from deploy.sample.login import SampleLogin

RULE = "-" * 78
NO_PHONES = "This address works on this machine only; `TLS=1 make run` also serves phones on the same network."


def welcome(system: LocalSystem, sample: SampleLogin, public_url: str = "") -> str:
    """What the user can try now. `public_url`: the address for other devices; empty if there is none."""
    page = f"{public_url or system.base_url}/e/{sample.event_code}"
    lines = [RULE, f"Minois is running at {system.base_url}"]
    lines += [f"  guest page            {page}"] if sample.event_code else []
    lines += [f"  organiser page        {public_url or system.base_url}/organiser"]
    lines += [f"  REST interface        {system.base_url}/docs"]
    if sample.event_code:
        lines += [
            f"  organiser             {sample.username}",
            f"  password              {sample.password}",
            f"  event code            {sample.event_code}",
        ]
    lines += [f"  log                   {system.log_path}", f"  settings for tools    {system.env_path}"]
    lines += [f"  metrics               {_describe_metrics(system)}", ""]
    lines += _describe_certificate(system.certificate, public_url) if system.certificate else []
    lines += [f"The sample is not complete: {sample.fault}"] if sample.fault else []
    if sample.has_photos:
        lines += [
            "The sample photos are ready. To try it as a guest, open the guest page and choose one of the selfies in",
            "",
        ]
        lines += [f"  {system.data / 'sample' / 'selfies'}", ""]
    if sample.event_code:
        lines += [draw_code(page)]
        lines += [] if public_url else [NO_PHONES, ""]
    if sample.has_photos:
        lines += ["Or paste this into another terminal:", ""]
        lines += [*guest_commands(system, sample), ""]
    return "\n".join([*lines, "Press Ctrl-C to stop everything.", RULE])


def draw_code(address: str) -> str:
    """A QR code as text."""
    drawn = io.StringIO()
    segno.make_qr(address).terminal(drawn, compact=True, border=2)
    return drawn.getvalue()


def guest_commands(system: LocalSystem, sample: SampleLogin) -> list[str]:
    """Registers (the second time: signs in), uploads a selfie, waits for the result, and lists the photos."""
    account = '"username": "ada", "password": "eight cups of tea"'
    form = f'{{"user_data": {{{account}, "email": "ada@example.org"}}, "event_code": "{sample.event_code}"}}'
    selfie = system.data / "sample" / "selfies" / "ada.jpg"
    post = "-H 'Content-Type: application/json' -d"
    url = system.base_url
    curl = f"curl --cacert {shlex.quote(str(system.trusted))}" if system.trusted else "curl"
    bearer = '-H "Authorization: Bearer $TOKEN"'
    return [
        f"  TOKEN=$( ({curl} -sf {url}/api/register-with-event-code {post} '{form}' \\",
        f"    || {curl} -s {url}/api/login {post} '{{{account}}}') \\",
        """    | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')""",
        f"  {curl} -sS {url}/api/upload-selfie {bearer} -F file=@{shlex.quote(str(selfie))}; echo",
        f"  {curl} -sSN {url}/api/rematch-events {bearer}; {curl} -sS {url}/api/my-photos {bearer}; echo",
    ]


def _describe_certificate(certificate: LocalCertificate, public_url: str) -> list[str]:
    """How phones can connect, with the fingerprint on two lines."""
    if not public_url:
        return ["This machine has no network address, so other devices cannot reach it.", ""]
    half = len(certificate.fingerprint) // 2
    return [
        "Phones on the same network warn once about the certificate, because it is self-signed.",
        "Compare its SHA-256 fingerprint with the one that the phone shows (see docs/operations/phones.md):",
        "",
        f"  {certificate.fingerprint[:half]}",
        f"  {certificate.fingerprint[half + 1 :]}",
        "",
    ]


def _describe_metrics(system: LocalSystem) -> str:
    if not system.metrics_ports:
        return "off; METRICS_PORT=9100 serves them on consecutive ports from 9100, one per process"
    host = os.environ.get("METRICS_HOST") or "127.0.0.1"
    first, *_, last = system.metrics_ports.values()
    return f"http://{host}:{first}/metrics to :{last}/metrics ({', '.join(system.metrics_ports)})"
