"""Asks sslyze about servers; run by an interpreter that has it: tls_reference.py CA_FILE < [[name, port], …] > results."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import sslyze  # type: ignore[import-not-found]
from sslyze.mozilla_tls_profile import tls_config_checker as checker  # type: ignore[import-not-found]

FIELDS = {"ssl_3_0": "SSL3", "tls_1_0": "1.0", "tls_1_1": "1.1", "tls_1_2": "1.2", "tls_1_3": "1.3"}


def main() -> None:
    ca_file = Path(sys.argv[1])
    told = []
    for name, port in json.load(sys.stdin):
        started = time.monotonic()
        extra = sslyze.ScanCommandsExtraArguments(certificate_info=sslyze.CertificateInfoExtraArgument(custom_ca_file=ca_file))
        place = sslyze.ServerNetworkLocation("localhost", port, ip_address="127.0.0.1")
        scanner = sslyze.Scanner()
        scanner.queue_scans([sslyze.ServerScanRequest(place, scan_commands_extra_arguments=extra)])
        result = next(iter(scanner.get_results()))
        told.append({"name": name, "seconds": time.monotonic() - started, **_told(result)})
    print(json.dumps(told))


def _told(result: Any) -> dict[str, Any]:
    if result.scan_result is None:
        return {"failed": str(result.connectivity_error_trace or "no connection")[-200:]}
    scanned = result.scan_result
    suites = {}
    for field, version in FIELDS.items():
        found = getattr(scanned, f"{field}_cipher_suites").result
        if found.is_tls_version_supported:
            suites[version] = sorted(each.cipher_suite.name for each in found.accepted_cipher_suites)
    curves = sorted(curve.name.lower() for curve in scanned.elliptic_curves.result.supported_curves or [])
    issues: dict[str, list[str]] = {}
    for profile in ("modern", "intermediate"):
        wanted = checker.MozillaTlsConfiguration.get(checker.TlsConfigurationEnum(profile))
        try:
            checker.check_server_against_tls_configuration(result, wanted)
            issues[profile] = []
        except checker.ServerNotCompliantWithTlsConfiguration as error:
            issues[profile] = sorted(error.issues)
    return {"suites": suites, "curves": curves, "issues": issues}


if __name__ == "__main__":
    main()
