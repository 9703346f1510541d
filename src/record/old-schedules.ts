import type { Transaction } from 'kysely';
import type { Schema } from './schema.ts';

/** How many builds one step reads: facts may be long. */
const batch = 200;

/**
 * Builds of schedules from before series were recorded, see series.ts, come into the series of their workflow. The facts that the
 * planner has recorded name it. Those without facts ran no workflow, so they stay in no series.
 */
export async function addSeriesOfSchedules(db: Transaction<Schema>): Promise<void> {
  let last = 0;
  for (;;) {
    const rows = await db
      .selectFrom('builds')
      .innerJoin('build_workflows', 'build_workflows.build_id', 'builds.id')
      .select(['builds.id', 'build_workflows.facts'])
      .where('builds.trigger', '=', 'schedule')
      .where('builds.series', 'is', null)
      .where('builds.event', 'is', null)
      .where('builds.id', '>', last)
      .orderBy('builds.id')
      .limit(batch)
      .execute();
    for (const { id, facts } of rows) {
      const series = scheduledIn(facts);
      if (series !== undefined) await db.updateTable('builds').set({ series }).where('id', '=', id).execute();
    }
    const newest = rows.at(-1);
    if (!newest) return;
    last = newest.id;
  }
}

/** The file of the workflow that a schedule has started. */
function scheduledIn(facts: string): string | undefined {
  const { event } = JSON.parse(facts) as { event?: { name?: string; workflow?: string } };
  return event?.name === 'schedule' ? event.workflow : undefined;
}
