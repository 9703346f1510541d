import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { toolEnvironment } from '../kernel/config.ts';

const run = promisify(execFile);

/**
 * How the processes of a job are held together, best first:
 * `namespace`: a PID namespace made with root's rights; `user-namespace`: one made with a user namespace around it,
 * in which set-uid programs gain nothing; `group`: a process group, and a search for a marker in the environment of
 * every process, which a hostile job can escape from.
 */
export type Containment = 'namespace' | 'user-namespace' | 'group';

/** Options of unshare(1) and nsenter(1) for each kind of namespace. */
export const namespaceOptions = {
  namespace: { unshare: [], nsenter: [] },
  'user-namespace': { unshare: ['--user', '--map-current-user'], nsenter: ['--user', '--preserve-credentials'] },
} as const;

let detected: Promise<Containment> | undefined;

/** The best containment that works here, found out once by trying. */
export function detectContainment(): Promise<Containment> {
  detected ??= detect();
  return detected;
}

async function detect(): Promise<Containment> {
  for (const kind of ['namespace', 'user-namespace'] as const) {
    try {
      await run('unshare', [...namespaceOptions[kind].unshare, ...unshareOptions, 'true'], { env: toolEnvironment(), timeout: 5000 });
      return kind;
    } catch {
      // not allowed here, or not there: the next one
    }
  }
  return 'group';
}

/** A PID namespace with a /proc of its own, which dies with unshare itself. */
export const unshareOptions = ['--pid', '--fork', '--kill-child', '--mount-proc'] as const;
