/**
 * Kinds of plans that runners of this version understand, and older ones do not: jobs that test a discovered project, which those
 * end in an error, and jobs with `container` or `services`, which those run on the machine itself.
 */
export const laterPlans = ['project', 'container'] as const;
export type LaterPlan = (typeof laterPlans)[number];
