/** What has started a build, as people tell builds apart. */
export const buildEvents = ['push', 'pull_request', 'schedule', 'manual', 'event'] as const;
export type BuildEvent = (typeof buildEvents)[number];
