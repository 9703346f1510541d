import { sql } from 'kysely';

/** How the plan of a job that tests a discovered project begins; Volt itself writes the plans. */
const beginning = '{"kind":"project"';

/** @param plan JSON text, or its first characters */
export function isProjectPlan(plan: string): boolean {
  return plan.startsWith(beginning);
}

/** The first characters of a job's plan, since whole plans may have a megabyte. */
export const planBeginning = sql<string>`substr(jobs.plan, 1, ${sql.lit(beginning.length)})`;
