/** What a search finds, in the order in which it is shown. */
export const searchKinds = ['repository', 'build', 'branch', 'commit', 'test', 'author'] as const;
export type SearchKind = (typeof searchKinds)[number];
