"""``astrolabe authority``: the certificate authority behind ``serve --astra-host-names``."""

from __future__ import annotations

from collections.abc import Sequence

from astrolabe.portal.organization import Database
from astrolabe.serving.authority import Authority, host_names
from tui.cli.arguments import Arguments
from tui.cli.output import emit, say
from tui.cli.session import require_this_machine, settings_of, workspace_of

_HOW = """\
It is good for the host names of this folder's databases and for nothing else. No system's trust store was changed; tell
each program, for as long as it runs:
  Python:  SSL_CERT_FILE={file} (astrapy 2.3 does not heed it: give it an http:// address)
  curl:    --cacert {file}
  Node:    NODE_EXTRA_CA_CERTS={file}
  Java:    keytool -importcert -noprompt -alias astrolabe -file {file} -keystore astrolabe.p12 -storepass changeit
           java -Djavax.net.ssl.trustStore=astrolabe.p12 -Djavax.net.ssl.trustStorePassword=changeit …
With SSL_CERT_FILE and trustStore the program trusts nobody else.
`astrolabe authority remove` deletes it."""


def hosts_lines(databases: Sequence[Database]) -> list[str]:
    """Return the lines of the hosts file that lead the databases' host names to this machine."""
    return [f"127.0.0.1 {' '.join(host_names(database))}" for database in databases]


async def show(args: Arguments) -> int:
    """Print the certificate's file on stdout, and on stderr the names it is good for and how programs trust it."""
    async with workspace_of(args) as workspace:
        authority = Authority(workspace.options.data_dir)
        databases = await workspace.databases.list()
    if not authority.exists:
        say("There is no authority yet: `astrolabe serve --astra-host-names` makes it.")
        return 0
    emit([str(authority.certificate)])
    say("\n".join(["Lines for the hosts file:", *hosts_lines(databases)]))
    say(_HOW.format(file=authority.certificate))
    return 0


async def remove(args: Arguments) -> int:
    """Delete the authority."""
    require_this_machine(args)
    existed = Authority(settings_of(args).data_dir).remove()
    say("The authority is gone: nobody can make certificates with it any more." if existed else "There is none.")
    return 0
