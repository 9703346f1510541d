import { sql } from 'kysely';
import { type LaterPlan, laterPlans } from '../kernel/later-plans.ts';

/** How the plan of such a job begins; Volt itself writes the plans. */
const beginnings: Readonly<Record<Exclude<LaterPlan, 'pull-request'>, string>> = {
  project: '{"kind":"project"',
  container: '{"kind":"workflow","containers":true',
  services: '{"kind":"workflow","siblings":true',
  image: '{"kind":"image"',
};
const longest = Math.max(...Object.values(beginnings).map(({ length }) => length));

/**
 * Which kind of plan this is, if not every runner takes it.
 * @param plan JSON text, or its first characters
 * @param pullRequest number of the pull request whose code the job runs; runners that take those understand all other kinds
 */
export function laterPlanOf(plan: string, pullRequest: number | null): LaterPlan | undefined {
  if (pullRequest !== null) return 'pull-request';
  return laterPlans.find((kind) => kind !== 'pull-request' && plan.startsWith(beginnings[kind]));
}

/** The first characters of a job's plan, since whole plans may have a megabyte. */
export const planBeginning = sql<string>`substr(jobs.plan, 1, ${sql.lit(longest)})`;
