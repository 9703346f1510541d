import type { BuildSummary } from '../../kernel/model.ts';
import type { Database } from '../../record/database.ts';
import { linksOf } from '../../record/project-links.ts';

/** The builds with the addresses of their commits and pull requests, where the forge is known. */
export async function withForgeLinks<B extends BuildSummary>(database: Database, builds: readonly B[]): Promise<B[]> {
  const links = await linksOf(
    database,
    builds.map(({ repo }) => repo),
  );
  return builds.map((build) => {
    const { repo, sha, pullRequest } = build;
    const there = links.get(repo);
    return {
      ...build,
      commitUrl: there?.commit(sha) ?? null,
      pullRequest: pullRequest && { ...pullRequest, url: there?.pullRequest(pullRequest.number) ?? null },
    };
  });
}
