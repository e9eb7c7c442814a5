"""python -m gateway.contract: prints the OpenAPI document, from which the pages' types are generated."""

import json

from gateway.app import create_app
from gateway.backends.channels import Addresses
from gateway.http.limits import Limits
from kit.rpc.identity import Verifier
from kit.settings import TlsSettings


def main() -> None:
    app = create_app(
        Addresses("unused", "unused", "unused"),
        TlsSettings(tls_cert=None, tls_key=None, tls_ca=None),
        Limits(),
        Verifier({}),
    )
    print(json.dumps(app.openapi(), indent=1))


if __name__ == "__main__":
    main()
