/**
 * Kinds of plans that not every runner takes. Older runners do not understand jobs that test a discovered project, which those
 * end in an error; jobs with `container`, which those run on the machine itself; jobs with services or `docker://` actions,
 * which those refuse, also where they run a job's own container; and jobs without a workflow that run in an image, whose messages
 * those refuse. Jobs of pull requests are only for runners that isolate them.
 */
export const laterPlans = ['project', 'container', 'services', 'image', 'pull-request'] as const;
export type LaterPlan = (typeof laterPlans)[number];

/** The kinds of plans that a runner of this version takes. */
export function plansOf(isolatesStrangers: boolean): LaterPlan[] {
  return laterPlans.filter((kind) => isolatesStrangers || kind !== 'pull-request');
}
