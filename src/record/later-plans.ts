import { sql } from 'kysely';
import { type LaterPlan, laterPlans } from '../kernel/later-plans.ts';

/** How the plan of such a job begins; Volt itself writes the plans. */
const beginnings: Readonly<Record<LaterPlan, string>> = {
  project: '{"kind":"project"',
  container: '{"kind":"workflow","containers":true',
  services: '{"kind":"workflow","siblings":true',
  image: '{"kind":"image"',
};
const longest = Math.max(...Object.values(beginnings).map(({ length }) => length));

/**
 * Which kind of plan this is, if older runners do not understand it.
 * @param plan JSON text, or its first characters
 */
export function laterPlanOf(plan: string): LaterPlan | undefined {
  return laterPlans.find((kind) => plan.startsWith(beginnings[kind]));
}

/** The first characters of a job's plan, since whole plans may have a megabyte. */
export const planBeginning = sql<string>`substr(jobs.plan, 1, ${sql.lit(longest)})`;
