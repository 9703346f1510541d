import { emptyHeartbeat, heartbeatParts } from '../kernel/supervisor-heartbeat.ts';
import { programPath } from './programs.ts';

/** What the script below ends with when the lease has run out, as opposed to when the process group is closed. */
export const leaseRanOut = 3;

/**
 * A job's processes live only as long as this script does. It reads the lease from standard input: each character says
 * how much of the full time (`$1`, in hundredths of a second) is left from now. When that is over, the runner is frozen
 * or cut off; the end of input means that it has died or closed the process group. In a namespace the script is process 1, and
 * with it ends all that is inside; it also reaps orphans. It is deaf to signals: a job that sends one to all processes
 * that it sees means its own. The clock that bash waits by stands still while the machine is suspended, so it waits for
 * short whiles (`$2` seconds) and looks at the uptime, which does not, in between. A wait may end in the middle of a
 * line, but not of a character.
 */
const supervisor = `
trap '' HUP INT QUIT ILL TRAP ABRT BUS FPE USR1 SEGV USR2 PIPE ALRM TERM XCPU XFSZ VTALRM PROF IO SYS
look() { { read -r now _ </proc/uptime; } 2>/dev/null || now=$SECONDS.00; now=$((10#\${now/./})); }
look; end=$((now + $1)); code=${leaseRanOut}
echo ready; exec >/dev/null
while [ $now -lt $end ]; do
  part=; read -r -n 1 -t "$2" part; got=$?
  look
  if [ -n "$part" ]; then printf -v part %d "'$part"; end=$((now + (part - ${emptyHeartbeat}) * $1 / ${heartbeatParts}))
  elif [ $got -le 128 ]; then code=0; break; fi
done`;

/** In a namespace, the end of this process is the end of all. */
const hold = `
${supervisor}
exit $code`;

/** Without a namespace: kills every process that carries the marker, until there is none. */
const sweep = `
${supervisor}
for round in 1 2 3 4 5 6 7 8 9 10; do
  found=$(grep -lsz "^$3$" /proc/[0-9]*/environ)
  [ -n "$found" ] || break
  for file in $found; do pid=\${file#/proc/}; kill -KILL "\${pid%/environ}" 2>/dev/null; done
  sleep 0.02
done
exit $code`;

/** seconds; where /proc tells no uptime, bash may be one that waits for whole seconds only */
const longestWhile = process.platform === 'linux' ? 0.25 : 1;

/**
 * The command line of the process that keeps a process group.
 * @param ttl seconds that the lease holds at first, and at most
 * @param marker without a namespace, the variable that the process group's processes carry, as `name=value`
 */
export function supervisorCommand(ttl: number, marker: string | undefined): string[] {
  const script = marker === undefined ? hold : sweep;
  const hundredths = String(Math.round(ttl * 100));
  const wait = String(longestWhile === 1 ? 1 : Math.min(longestWhile, ttl / 4));
  // with a socket as its input, bash takes itself for a remote shell and would read the user's ~/.bashrc
  return [programPath('bash'), '--norc', '--noprofile', '-c', script, 'volt-scope', hundredths, wait, marker ?? ''];
}
