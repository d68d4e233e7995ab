#!/bin/sh
# Makes Debian's Alertmanager and amtool work from where they were unpacked. Both read their templates from a folder
# whose address is fixed in the program; a new address of the same length is written over it, /proc/self/fd/9, and the
# command in bin/ opens the unpacked folder under that number before it starts the program.
# Usage: move_alertmanager.sh TOOLS
set -eu
package=$1/prometheus-alertmanager
fixed=/usr/share/prometheus/alertmanager
moved=////////////////////proc/self/fd/9
[ "${#fixed}" = "${#moved}" ]

for name in prometheus-alertmanager amtool; do
  LC_ALL=C sed -i "s|$fixed|$moved|g" "$package/usr/bin/$name"
  command=$1/bin/${name#prometheus-}
  rm -f "$command"
  cat >"$command" <<WRAPPER
#!/bin/sh
package=\$(dirname "\$(readlink -f "\$0")")/../prometheus-alertmanager
exec 9<"\$package$fixed"
exec "\$package/usr/bin/$name" "\$@"
WRAPPER
  chmod +x "$command"
done
