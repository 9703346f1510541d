/**
 * A `sudo` for images that have none: the job is root of its container already, so it only runs the command. It takes the
 * options of sudo(8) that build scripts use. A command for another user is refused instead of being run as root.
 */
export const noOpSudo = `#!/bin/sh
shell=
refuse() { echo "sudo: $1; the sudo that Volt adds to images runs commands as root only" >&2; exit 1; }
as() { case $1 in root|'#0') ;; *) refuse "cannot run commands as $1" ;; esac; }
while [ $# -gt 0 ]; do
  case $1 in
    --) shift; break ;;
    --user=*) as "\${1#*=}"; shift ;;
    --user) as "\${2-}"; shift; shift ;;
    --login|--shell) shell=yes; shift ;;
    --version|--validate|--list|--reset-timestamp|--remove-timestamp) exit 0 ;;
    --group|--host|--prompt|--close-from|--chdir|--chroot|--role|--type|--command-timeout) shift; [ $# -eq 0 ] || shift ;;
    --*) shift ;;
    -?*)
      flags=\${1#-}
      shift
      while [ -n "$flags" ]; do
        rest=\${flags#?}
        flag=\${flags%"$rest"}
        flags=$rest
        case $flag in
          u) [ -n "$flags" ] || { flags=\${1-}; [ $# -eq 0 ] || shift; }; as "$flags"; flags= ;;
          [ghpCDRrtTU]) [ -n "$flags" ] || [ $# -eq 0 ] || shift; flags= ;;
          i|s) shell=yes ;;
          v|l|K|V) exit 0 ;;
        esac
      done ;;
    [A-Za-z_]*=*)
      case \${1%%=*} in *[!A-Za-z0-9_]*) break ;; esac
      export "$1"
      shift ;;
    *) break ;;
  esac
done
if [ -n "$shell" ]; then
  if [ $# -eq 0 ]; then exec "\${SHELL:-/bin/sh}"; fi
  exec "\${SHELL:-/bin/sh}" -c "$*"
fi
[ $# -eq 0 ] || exec "$@"
`;
