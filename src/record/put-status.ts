import type { CommitState } from '../kernel/commit-status.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Write } from './database.ts';
import { noError } from './error-columns.ts';

/** A status that a forge should show. */
export interface WantedStatus {
  forge: string;
  repo: string;
  sha: string;
  context: string;
  lane: string;
  ref: string;
  build: number;
  /** whether it is about a workflow or a job of the build */
  isPart: boolean;
  /** whether what is pending runs, where the forge tells that apart */
  isRunning: boolean;
  state: CommitState;
  description: string;
}

/** @param begun whether it takes the place of another build's status; else that one stays */
export async function putStatus(
  db: Write,
  { build, ref, state, description, isPart, isRunning, ...of }: WantedStatus,
  begun: boolean,
): Promise<void> {
  const now = serverNow();
  const running = isRunning ? 1 : 0;
  await db
    .insertInto('commit_statuses')
    .values({
      ...{ ...of, part: isPart ? 1 : 0, ref, build_id: build, state, description, running },
      ...{ revision: 1, sent: 0, attempts: 0, losses: 0, due_at: now, created_at: now },
    })
    .onConflict((conflict) => {
      const update = conflict.columns(['forge', 'repo', 'sha', 'context', 'lane']).doUpdateSet((eb) => ({
        ...{ ref, build_id: build, state, description, running },
        round:
          state === 'pending'
            ? eb
                .case()
                .when('commit_statuses.state', '=', 'pending')
                .then(eb.ref('commit_statuses.round'))
                .else(eb('commit_statuses.round', '+', 1))
                .end()
            : eb.ref('commit_statuses.round'),
        revision: eb('commit_statuses.revision', '+', 1),
        ...{ attempts: 0, losses: 0, due_at: now, created_at: now },
        ...noError,
      }));
      return begun ? update : update.where('commit_statuses.build_id', '=', build);
    })
    .execute();
}
