import { emptyHeartbeat, heartbeatParts } from '../kernel/supervisor-heartbeat.ts';
import { programPath } from './programs.ts';

/** Exit code of the script below when the lease ran out; 0 when the process group was closed. */
export const leaseRanOut = 3;

/**
 * The supervisor's script. A job's processes live only as long as it runs. It reads the lease from standard input: each character
 * says how much of the full time (`$1`, in hundredths of a second) is left from now. When the time is over, the runner is frozen
 * or cut off. The end of input means that the runner died or closed the process group. In a namespace the script is process 1:
 * it reaps orphans, and when it exits all other processes end. It ignores signals, so that a job can signal all processes that it
 * sees. The clock of bash's `read -t` stops while the machine is suspended, so the script waits for short times (`$2` seconds) and
 * reads the uptime in between, which does not stop. A wait can end in the middle of a line, but not of a character.
 */
const supervisor = `
trap '' HUP INT QUIT ILL TRAP ABRT BUS FPE USR1 SEGV USR2 PIPE ALRM TERM XCPU XFSZ VTALRM PROF IO SYS
clock() { { read -r now _ </proc/uptime; } 2>/dev/null || now=$SECONDS.00; now=$((10#\${now/./})); }
clock; end=$((now + $1)); code=${leaseRanOut}
echo ready; exec >/dev/null
while [ $now -lt $end ]; do
  part=; read -r -n 1 -t "$2" part; got=$?
  clock
  if [ -n "$part" ]; then printf -v part %d "'$part"; end=$((now + (part - ${emptyHeartbeat}) * $1 / ${heartbeatParts}))
  elif [ $got -le 128 ]; then code=0; break; fi
done`;

/** In a namespace, all processes end with this one. */
const hold = `
${supervisor}
exit $code`;

/** Without a namespace: kills every process with the marker until none is left. */
const sweep = `
${supervisor}
for round in 1 2 3 4 5 6 7 8 9 10; do
  found=$(grep -lsz "^$3$" /proc/[0-9]*/environ)
  [ -n "$found" ] || break
  for file in $found; do pid=\${file#/proc/}; kill -KILL "\${pid%/environ}" 2>/dev/null; done
  sleep 0.02
done
exit $code`;

/** seconds; without /proc, bash may be too old to wait for fractions of a second */
const longestWhile = process.platform === 'linux' ? 0.25 : 1;

/**
 * The command line of a supervisor.
 * @param ttl seconds that the lease holds at first, and at most
 * @param marker without a namespace, the variable of all processes of the group, as `name=value`
 */
export function supervisorCommand(ttl: number, marker: string | undefined): string[] {
  const script = marker === undefined ? hold : sweep;
  const hundredths = String(Math.round(ttl * 100));
  const wait = String(longestWhile === 1 ? 1 : Math.min(longestWhile, ttl / 4));
  // with a socket as its input, bash takes itself for a remote shell and would read the user's ~/.bashrc
  return [programPath('bash'), '--norc', '--noprofile', '-c', script, 'volt-scope', hundredths, wait, marker ?? ''];
}
