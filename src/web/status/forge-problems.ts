import type { Database } from '../../record/database.ts';
import { type RefusedStatus, refusedStatuses } from '../../record/due-statuses.ts';
import { type ForgeProblem, forgeProblems } from '../../record/forges.ts';
import type { Reader } from '../../record/visibility.ts';
import type { Problem } from '../schemas/terms.ts';

/** What holds up the statuses of forges. */
export interface ForgeState {
  forges: ForgeProblem[];
  refused: RefusedStatus[];
}

/** @param repo only what is about this repository */
export async function readForges(database: Database, reader: Reader, repo?: string): Promise<ForgeState> {
  const [forges, refused] = await Promise.all([forgeProblems(database), refusedStatuses(database, reader, repo)]);
  return { forges, refused };
}

export function problemsOfForges({ forges, refused }: ForgeState, reader: Reader): Problem[] {
  return [
    ...forges.flatMap(({ name, problem }) => (problem === null ? [] : [ofForge(name, problem, reader)])),
    ...refused.map(ofRepository),
  ];
}

/** A problem of a repository whose statuses a forge refuses. */
export function ofRepository({ repo, forge, code, message, remedy }: RefusedStatus): Problem {
  return { code, message: `statuses of ${repo} do not reach the forge ${forge}: ${message}`, remedy };
}

/** What a forge says may name a repository that the reader may not see. */
function ofForge(name: string, { code, message, remedy }: Problem, reader: Reader): Problem {
  if (reader.all) return { code, message: `forge ${name}: ${message}`, remedy };
  return {
    code,
    message: `statuses do not reach the forge ${name}`,
    remedy: 'Ask somebody with the role "admin" to run `volt status`.',
  };
}
