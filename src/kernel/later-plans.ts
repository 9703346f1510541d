/**
 * Kinds of plans that not every runner takes. Older runners do not understand jobs that test a discovered project, which those
 * end in an error; jobs with `container`, which those run on the machine itself; jobs with services or `docker://` actions,
 * which those refuse, also where they run a job's own container; and jobs without a workflow that run in an image, whose messages
 * those refuse. Jobs of pull requests are only for runners that isolate them. Other jobs that strangers may cause, by a comment for
 * example, wait like those, which older runners do not know.
 */
export const laterPlans = ['project', 'container', 'services', 'image', 'pull-request', 'event'] as const;
export type LaterPlan = (typeof laterPlans)[number];

/** Kinds of jobs that strangers may cause. They have queues of their own, which runners try after all others. */
export function isBehindOthers(kind: LaterPlan | undefined): boolean {
  return kind === 'pull-request' || kind === 'event';
}

/** The kinds of plans that a runner of this version takes. */
export function plansOf(isolatesStrangers: boolean): LaterPlan[] {
  return laterPlans.filter((kind) => isolatesStrangers || kind !== 'pull-request');
}
