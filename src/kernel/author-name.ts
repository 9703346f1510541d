import type { BuildSummary } from './model.ts';

export type Authored = Pick<BuildSummary, 'id' | 'author' | 'person'>;

/** The author of a build's commit: the person who has the author's address, else as the commit says. */
export function authorName({ author, person }: Authored): string {
  return person?.displayName ?? author;
}
