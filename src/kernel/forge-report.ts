/** What has a status of its own at a forge: the build alone, or also each of its workflows or jobs. */
export const forgeReports = ['build', 'workflow', 'job'] as const;
export type ForgeReport = (typeof forgeReports)[number];
