import { sql } from 'kysely';
import type { LaterPlan } from '../kernel/later-plans.ts';
import { isBehind, testedPullRequest } from './behind.ts';
import type { BuildRow } from './schema.ts';

type PlanKind = Exclude<LaterPlan, 'pull-request' | 'event'>;

/** How the plan of such a job begins; Volt itself writes the plans. */
const beginnings: Readonly<Record<PlanKind, string>> = {
  project: '{"kind":"project"',
  container: '{"kind":"workflow","containers":true',
  services: '{"kind":"workflow","siblings":true',
  image: '{"kind":"image"',
};
const planKinds = Object.keys(beginnings) as PlanKind[];
const longest = Math.max(...Object.values(beginnings).map(({ length }) => length));

/**
 * Which kind of plan this is, if not every runner takes it.
 * @param plan JSON text, or its first characters
 * @param build its build; runners that take jobs that strangers may cause understand all other kinds
 */
export function laterPlanOf(plan: string, build: Pick<BuildRow, 'pull_request' | 'event'>): LaterPlan | undefined {
  if (testedPullRequest(build) !== null) return 'pull-request';
  if (isBehind(build)) return 'event';
  return planKinds.find((kind) => plan.startsWith(beginnings[kind]));
}

/** The first characters of a job's plan, since whole plans may have a megabyte. */
export const planBeginning = sql<string>`substr(jobs.plan, 1, ${sql.lit(longest)})`;
