/**
 * Kinds of plans that runners of this version understand, and older ones do not: jobs that test a discovered project, which those
 * end in an error; jobs with `container`, which those run on the machine itself; and jobs with services or `docker://` actions,
 * which those refuse, also where they run a job's own container. And jobs without a workflow that run in an image, whose messages
 * those refuse. And jobs of pull requests, which older ones would not isolate.
 */
export const laterPlans = ['project', 'container', 'services', 'image', 'pull-request'] as const;
export type LaterPlan = (typeof laterPlans)[number];
