import type { Problem } from '../kernel/problems.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database } from './database.ts';
import { noProblem } from './delivery-columns.ts';
import type { Deliverable } from './holds.ts';

/** Records what holds up everything that goes to a forge or a target; undefined if nothing does any more. */
export async function noteProblem(
  database: Database,
  table: Deliverable,
  name: string,
  problem: Problem | undefined,
): Promise<void> {
  await database.write((db) =>
    db
      .updateTable(table)
      .set((eb) =>
        problem === undefined
          ? noProblem
          : {
              ...{ problem_code: problem.code, problem_message: problem.message, problem_remedy: problem.remedy },
              problem_since: eb.fn.coalesce('problem_since', eb.val(serverNow())),
            },
      )
      .where('name', '=', name)
      .execute(),
  );
}
