import type { Context } from 'hono';
import type { BuildSummary, Status } from '../../kernel/model.ts';
import { findBuildNotices } from '../../record/builds.ts';
import { defaultBranches, runningByRepository } from '../../record/default-branches.ts';
import type { WebEnv } from '../access/env.ts';
import { addressForOthers } from '../access/sign-in-address.ts';
import { withEtag } from '../http/etag.ts';
import type { Web } from '../services.ts';
import { xmlText } from './xml.ts';

/**
 * `/cctray.xml`: the default branch of each repository for desktop monitors, in the format of CCTray
 * (https://cctray.org/v1/).
 */
export async function cctrayFeed(context: Context<WebEnv>, web: Web): Promise<Response> {
  const { database, hosts, guard } = web;
  const [branches, running] = await Promise.all([
    defaultBranches(database, context.get('reader')),
    runningByRepository(database),
  ]);
  const site = addressForOthers(context.get('source').origin, { hosts, privateHost: guard.privateHost });
  const verdicts = branches.flatMap(({ verdict }) => (verdict === undefined ? [] : [verdict]));
  const builds = await findBuildNotices(database, verdicts);
  const projects = branches.map(({ repo, verdict }) => {
    const build = verdict === undefined ? undefined : builds.get(verdict);
    return projectOf({ repo, build, isRunning: running.has(repo) }, site);
  });
  const feed = `<?xml version="1.0" encoding="utf-8"?>
<Projects>
${projects.join('')}</Projects>
`;
  return withEtag(
    context,
    new Response(feed, { headers: { 'content-type': 'application/xml; charset=utf-8' } }),
    false,
  );
}

const words: { readonly [S in Status]?: string } = { success: 'Success', failure: 'Failure', error: 'Exception' };

function projectOf(
  { repo, build, isRunning }: { repo: string; build: BuildSummary | undefined; isRunning: boolean },
  site: string,
): string {
  const attributes = {
    name: repo,
    activity: isRunning ? 'Building' : 'Sleeping',
    lastBuildStatus: (build && words[build.status]) ?? 'Unknown',
    lastBuildLabel: build ? String(build.number) : '',
    lastBuildTime: build?.finishedAt ?? '',
    webUrl: `${site}/repos/${repo}`,
  };
  const text = Object.entries(attributes).map(([name, value]) => `${name}="${xmlText(value)}"`);
  return `<Project ${text.join(' ')}/>\n`;
}
