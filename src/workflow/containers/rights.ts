import { ContainerProblem } from './problem.ts';

/**
 * Whether containers of a job may have rights on the machine of the runner: the owner of the machine allows them for a repository,
 * and then for its trusted refs only.
 */
export type Right = 'allowed' | 'untrusted' | 'refused';

export interface ContainerRights {
  /** options such as `--privileged` and `--device` */
  privileged: Right;
  /** volumes that are paths of the machine */
  volumes: Right;
}

/** What a container asks for beyond what every job may have, for people. */
export interface AskedRights {
  privileged: string[];
  volumes: string[];
}

const flags = { privileged: '--allow-privileged', volumes: '--allow-volumes' } as const;

/**
 * Checks what a container asks for.
 * @param rights undefined where they are not known yet
 * @throws ContainerProblem for the first thing that is not allowed, or whose right is not known
 */
export function checkRights(asked: AskedRights, rights: ContainerRights | undefined): void {
  for (const kind of ['privileged', 'volumes'] as const) {
    const [what] = asked[kind];
    if (what === undefined || rights?.[kind] === 'allowed') continue;
    throw new ContainerProblem(rights ? 'unsupported' : 'restricted', `${what} ${wordsOf(kind, rights?.[kind])}`);
  }
}

function wordsOf(kind: keyof typeof flags, right: Right | undefined): string {
  const flag = `\`volt runner ${flags[kind]} REPOSITORY\``;
  if (right === 'untrusted') return 'is allowed on trusted refs of the repository only';
  if (right === undefined) return `needs a runner that allows it (${flag}), and a trusted ref`;
  return `is not allowed: it gives the job rights on the machine of the runner, whose owner can allow it by ${flag}`;
}
