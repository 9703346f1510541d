import type { ExpressionBuilder } from 'kysely';
import type { BuildId } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database } from './database.ts';
import type { Schema } from './schema.ts';

/** What may have to be done for a build. */
export interface PendingWork {
  /** a cancel or retry of it or of one of its jobs is requested */
  isRequested: boolean;
  hasWorkflows: boolean;
  /** a job of it is not final */
  isOpen: boolean;
  /** the repository to poll, since a run of its workflows has just asked for others; undefined for none */
  asking: { repo: string; host: string | null } | undefined;
}

/** Milliseconds within which the poll of a repository is asked for; later ones are its schedule's. */
const justNow = 10_000;

/** One statement, since it runs after every event of a build, and mostly nothing has to be done. */
export async function pendingWorkOf({ db }: Database, build: BuildId): Promise<PendingWork> {
  const id = Number(build);
  const row = await db
    .selectNoFrom(({ exists, selectFrom }) => [
      askingOf(selectFrom, id).select('repositories.name').as('repo'),
      askingOf(selectFrom, id).select('repositories.host').as('host'),
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
  const { repo, host } = row;
  const asking = repo === null ? undefined : { repo, host };
  return { asking, isRequested: Boolean(row.asked), hasWorkflows: Boolean(row.workflows), isOpen: Boolean(row.open) };
}

function askingOf(selectFrom: ExpressionBuilder<Schema, never>['selectFrom'], build: number) {
  return selectFrom('builds')
    .innerJoin('repositories', 'repositories.name', 'builds.repo')
    .innerJoin('intents', 'intents.repo', 'builds.repo')
    .where('builds.id', '=', build)
    .where('intents.kind', '=', 'trigger')
    .where('intents.closed_at', 'is', null)
    .where('intents.event', 'like', '{"name":"workflow_run"%')
    .where('intents.created_at', '>', serverNow() - justNow)
    .limit(1);
}
