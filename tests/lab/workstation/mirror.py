# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian packages for another suite, from the mirror that the host's own apt is configured for.

The host's apt says where Debian is to be had (sources.list, *.list and *.sources), which keyring
vouches for it, and through which proxy. The lab writes no host name of its own.
"""

import os
import re
from pathlib import Path

from . import host
from .failure import LabError

RELEASES = ("bullseye", "bookworm", "trixie", "forky", "sid", "stable", "oldstable", "testing")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Source:
    """One archive: its URI and the keyring that signs it."""

    def __init__(self, uri, keyring):
        self.uri = uri.rstrip("/")
        self.keyring = keyring


def one_line_entries(text):
    """(uri, suites, keyring) of each line `deb [options] URI SUITE COMPONENT...`."""
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)", line.split("#")[0])
        if match and "main" in match.group(4).split():
            signed = re.search(r"signed-by=([^\]\s]+)", match.group(1) or "")
            yield match.group(2), [match.group(3)], signed.group(1) if signed else KEYRING


def deb822_entries(text):
    """The same of a .sources file: stanzas of `Key: value`, folded lines, comments."""
    text = re.sub(r"(?m)^#.*\n?", "", text)
    for stanza in re.split(r"\n\s*\n", text):
        fields = {key.lower(): " ".join(value.split()) for key, value
                  in re.findall(r"(?m)^([A-Za-z-]+):((?:.*)(?:\n[ \t].*)*)", stanza)}
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes") == "no":
            continue
        if "main" not in fields.get("components", "").split():
            continue
        signed = fields.get("signed-by", "")
        for uri in fields.get("uris", "").split():
            yield uri, fields.get("suites", "").split(), signed if signed[:1] == "/" else KEYRING


def entries(etc=Path("/etc/apt")):
    """All entries of the host's apt configuration."""
    parts = etc / "sources.list.d"
    for path in [etc / "sources.list", *sorted(parts.glob("*.list"))]:
        if path.exists():
            yield from one_line_entries(path.read_text(encoding="utf-8"))
    for path in sorted(parts.glob("*.sources")):
        yield from deb822_entries(path.read_text(encoding="utf-8"))


def find(etc=Path("/etc/apt")):
    """(main archive, security archive or None) as the host is configured."""
    archive = security = None
    for uri, suites, keyring in entries(etc):
        for suite in suites:
            if suite in RELEASES and archive is None:
                archive = Source(uri, keyring)
            if re.sub("(-security|/updates)$", "", suite) in RELEASES and suite not in RELEASES \
                    and security is None:
                security = Source(uri, keyring)
    if archive is None:
        raise LabError(f"{etc}: no apt source with Debian's component main is configured, and the "
                       "lab takes its packages from there")
    if not os.path.exists(archive.keyring):
        raise LabError(f"{archive.keyring}: not there, and it vouches for Debian's packages: "
                       "apt-get install debian-archive-keyring")
    return archive, security


def sources_text(suite, *, backports=False, keyring=None):
    """A .sources file for a suite; keyring replaces the host's path to it."""
    archive, security = find()
    suites = [suite, f"{suite}-updates"] + ([f"{suite}-backports"] if backports else [])
    stanzas = [(archive, " ".join(suites))]
    if security:
        stanzas.append((security, f"{suite}-security"))
    return "\n".join(f"Types: deb\nURIs: {source.uri}\nSuites: {names}\nComponents: main\n"
                     f"Signed-By: {keyring or source.keyring}\n" for source, names in stanzas)


def acquire_text():
    """The host's own way of fetching (proxies, date checks) as apt.conf lines."""
    lines = host.run(["apt-config", "dump", "Acquire"]).splitlines()
    wanted = re.compile(r'Acquire::(https?::.*Proxy|Check-|Retries|ForceIPv).* "[^"]+";$', re.I)
    return "\n".join(line for line in lines if wanted.match(line)) + "\n"


class Apt:
    """apt-get with a state of its own in `directory`, for a suite the host does not run."""

    def __init__(self, directory, suite, *, backports=False):
        for name in ("state/lists/partial", "cache/archives/partial"):
            (directory / name).mkdir(parents=True)
        (directory / "status").touch()
        (directory / "lab.sources").write_text(sources_text(suite, backports=backports),
                                               encoding="utf-8")
        self.directory = directory
        settings = {"Dir::Etc::SourceList": directory / "lab.sources",
                    "Dir::Etc::SourceParts": "/dev/null",
                    "Dir::Etc::Preferences": "/dev/null",
                    "Dir::Etc::PreferencesParts": "/dev/null",
                    "Dir::State": directory / "state",
                    "Dir::State::status": directory / "status",
                    "Dir::Cache": directory / "cache",
                    "APT::Architecture": "amd64", "APT::Architectures": "amd64",
                    "APT::Sandbox::User": "root",
                    "DPkg::Post-Invoke": "", "APT::Update::Post-Invoke": ""}
        self.argv = ["apt-get", "-q", "-y"]
        for name, value in settings.items():
            self.argv += ["-o", f"{name}={value}"]

    def download(self, packages, *, release, log):
        """Fetch the packages with all they depend on; returns the paths of the .deb files."""
        host.run([*self.argv, "update"], log=log)
        host.run([*self.argv, "--no-install-recommends", "--download-only", "-t", release,
                  "install", *packages], log=log)
        return sorted((self.directory / "cache/archives").glob("*.deb"))
