import type { PageServer } from './server.ts';

export interface Place {
  path: string;
}

/** Every page and every reading route, with the worst case of each: the largest repository, build, and test. */
export async function placesOf({ database }: PageServer): Promise<Place[]> {
  const newest = async (repo: string, status: 'failure' | 'success' | 'running') => {
    const builds = database.db.selectFrom('builds').select('id').where('repo', '=', repo).where('status', '=', status);
    return (await builds.orderBy('id', 'desc').executeTakeFirst())?.id ?? 1;
  };
  const failed = await newest('platform', 'failure');
  const passed = await newest('platform', 'success');
  const wide = await newest('wide', 'success');
  const running = (
    await database.db.selectFrom('builds').select('id').where('status', '=', 'running').executeTakeFirst()
  )?.id;
  const test = await database.db
    .selectFrom('tests')
    .select('id')
    .where('repo', '=', 'platform')
    .orderBy('failures', 'desc')
    .executeTakeFirst();
  const middle = Math.round(passed / 2);
  const pages = [
    '/',
    ...['/builds', '/builds?failing=1', '/builds?event=schedule'],
    '/builds?repo=platform&repo=website&branch=main&branch=next&status=failure&status=error',
    `/builds?before=${middle}`,
    ...['repo=platform', 'branch=next', 'status=failure', 'status=cancelled', 'status=running', 'author=ada'],
    ...['author=nobody', 'text=race', 'text=nowhere', 'repo=platform&branch=main&status=error', 'repo=wide&author=x'],
    ...['repo=platform&view=grid', 'repo=wide&view=grid', 'repo=website&text=leap'],
  ].map((filter) => (filter.startsWith('/') ? filter : `/builds?${filter}`));
  const api = [
    ...[
      'builds',
      'builds?limit=500',
      `builds?before=${middle}&limit=500`,
      'builds?repo=platform&branch=main&limit=500',
    ],
    ...['builds?status=failure', `builds?sha=${'0'.repeat(40)}`, `builds/${failed}`, `builds/${wide}`],
    ...[`builds/${failed}/tests`, `builds/${failed}/tests?status=failed`, `builds/${passed}/tests?limit=500`],
    ...[
      `jobs/${passed}-2/tests?limit=500`,
      `jobs/${passed}-9/tests`,
      'repos',
      'repos/platform',
      'repos/platform/tests',
    ],
    ...['repos/platform/tests?sort=slowest&limit=500', 'repos/platform/tests?sort=flaky', 'runners', 'status'],
    ...[`repos/platform/tests/${test?.id}?limit=500`, 'audit', 'tokens', 'openapi.json', 'secrets', 'credentials'],
  ].map((route) => `/api/v1/${route}`);
  const tests = `/repos/platform/tests`;
  return [
    ...pages,
    ...[
      `/builds/${failed}`,
      `/builds/${passed}`,
      `/builds/${wide}`,
      `/builds/${running}`,
      `/builds/${failed}?job=${failed}-2`,
    ],
    ...['/repos', '/repos/platform', '/repos/wide', tests, `${tests}?sort=slowest`, `${tests}?sort=flaky`],
    ...[`${tests}/${test?.id}`, '/badge/platform.svg', '/badge/platform.svg?branch=next', '/runners', '/runners/box-1'],
    ...['/audit', '/audit?actor=owner', '/api', '/metrics', '/healthz', '/sign-in', ...api],
  ].map((path) => ({ path }));
}
