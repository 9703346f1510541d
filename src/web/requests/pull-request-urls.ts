import type { BuildSummary } from '../../kernel/model.ts';
import type { Database } from '../../record/database.ts';
import { linksOf } from '../../record/project-links.ts';

/** The builds with the addresses of their pull requests, where the forge is known. */
export async function withPullRequestUrls<B extends BuildSummary>(
  database: Database,
  builds: readonly B[],
): Promise<B[]> {
  const links = await linksOf(
    database,
    builds.flatMap(({ repo, pullRequest }) => (pullRequest ? [repo] : [])),
  );
  return builds.map((build) => {
    const { repo, pullRequest } = build;
    if (!pullRequest) return build;
    return { ...build, pullRequest: { ...pullRequest, url: links.get(repo)?.pullRequest(pullRequest.number) ?? null } };
  });
}
