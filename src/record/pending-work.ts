import type { BuildId } from '../kernel/model.ts';
import type { Database } from './database.ts';

/** What may have to be done for a build. */
export interface PendingWork {
  /** a cancel or retry of it or of one of its jobs is requested */
  isRequested: boolean;
  hasWorkflows: boolean;
  /** a job of it is not final */
  isOpen: boolean;
}

/** One statement, since it runs after every event of a build, and mostly nothing has to be done. */
export async function pendingWorkOf({ db }: Database, build: BuildId): Promise<PendingWork> {
  const id = Number(build);
  const row = await db
    .selectNoFrom(({ exists, selectFrom }) => [
      exists(
        selectFrom('intents')
          .select('id')
          .where('closed_at', 'is', null)
          .where('kind', 'in', ['cancel', 'retry'])
          .where('build_id', '=', id),
      ).as('asked'),
      exists(selectFrom('build_workflows').select('build_id').where('build_id', '=', id)).as('workflows'),
      exists(selectFrom('jobs').select('id').where('build_id', '=', id).where('finished_at', 'is', null)).as('open'),
    ])
    .executeTakeFirstOrThrow();
  return { isRequested: Boolean(row.asked), hasWorkflows: Boolean(row.workflows), isOpen: Boolean(row.open) };
}
