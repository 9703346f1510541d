import { realpathSync, statSync } from 'node:fs';
import type { ContainerPlan } from '../../engine/container-plan.ts';
import { certificateFiles, certificateFolders } from '../../system/environment.ts';

/** Where containers see the certificates that the machine's environment names. */
const folder = '/volt/certificates';
const names: readonly string[] = [...certificateFiles, ...certificateFolders];

/** Others may read the file or folder: users of containers have no further rights on the machine. */
const readable = 0o004;

/** Trusted certificates of the machine, for containers. */
export interface Certificates {
  mounts: ContainerPlan['mounts'];
  /** variables that name them as containers see them */
  env: Readonly<Record<string, string>>;
  /** An environment for a container: what it has from the machine names the files there. */
  inside(env: Readonly<Record<string, string>>): Record<string, string>;
}

/** The trusted certificates that the environment of a job names. @param env of the job on the machine */
export function certificatesIn(env: Readonly<Record<string, string>>): Certificates {
  const named = names.flatMap((name) => {
    const from = realOf(env[name]);
    return from === undefined ? [] : [{ name, from }];
  });
  const paths = [...new Set(named.map(({ from }) => from))];
  const inside = Object.fromEntries(named.map(({ name, from }) => [name, folder + from]));
  return {
    mounts: paths.map((from) => ({ from, to: folder + from, readOnly: true })),
    env: inside,
    inside: (other) => {
      const own = Object.entries(other).filter(([name, value]) => !names.includes(name) || value !== env[name]);
      return { ...inside, ...Object.fromEntries(own) };
    },
  };
}

function realOf(path: string | undefined): string | undefined {
  if (!path) return undefined;
  try {
    const real = realpathSync(path);
    return statSync(real).mode & readable ? real : undefined;
  } catch {
    // whatever names it on the machine does not find it either
    return undefined;
  }
}
