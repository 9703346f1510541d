import type { BuildId } from '../kernel/model.ts';
import { unreportedBuilds } from '../record/builds.ts';
import type { Database } from '../record/database.ts';

/** Builds of one query. */
const page = 50;

/**
 * Reports every final build whose files are not written yet, because its reporter died or could not write them.
 * @param report must not throw, so that one build does not hold up the others
 */
export async function reportUnreportedBuilds(
  database: Database,
  report: (build: BuildId) => Promise<void>,
): Promise<void> {
  let after: BuildId | undefined;
  for (;;) {
    const builds = await unreportedBuilds(database, page, after);
    for (const build of builds) await report(build);
    after = builds.at(-1);
    if (builds.length < page) return;
  }
}
