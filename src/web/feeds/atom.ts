import type { Context } from 'hono';
import { authorName } from '../../kernel/author-name.ts';
import { type BuildSummary, statusWords } from '../../kernel/model.ts';
import { searchBuilds } from '../../record/build-search.ts';
import type { WebEnv } from '../access/env.ts';
import { addressForOthers } from '../access/sign-in-address.ts';
import { withEtag } from '../http/etag.ts';
import type { Web } from '../services.ts';
import { xmlText } from './xml.ts';

/** Builds that are looked at; those that have ended are entries. */
const looked = 100;

/**
 * `/builds.atom?repo=&branch=`: the newest builds that have ended, as an Atom feed (RFC 4287). An entry is updated when its build ends
 * again, after a retry.
 */
export async function atomFeed(context: Context<WebEnv>, web: Web): Promise<Response> {
  const [repo, branch] = [context.req.query('repo') || undefined, context.req.query('branch') || undefined];
  const search = {
    reader: context.get('reader'),
    repos: repo === undefined ? [] : [repo],
    branches: branch === undefined ? [] : [branch],
  };
  const builds = await searchBuilds(web.database, search, { limit: looked });
  const ended = builds.filter(({ finishedAt }) => finishedAt !== null);
  const { hosts, guard } = web;
  const site = addressForOthers(context.get('source').origin, { hosts, privateHost: guard.privateHost });
  const what = [
    'Builds',
    ...(repo === undefined ? [] : [`of ${repo}`]),
    ...(branch === undefined ? [] : [`on ${branch}`]),
  ];
  const updated = ended.reduce(
    (newest, { finishedAt }) => (finishedAt && finishedAt > newest ? finishedAt : newest),
    '',
  );
  const self = new URL(context.req.url).search;
  const feed = `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<title>${xmlText(what.join(' '))}</title>
<id>${xmlText(`${site}/builds.atom${self}`)}</id>
<link rel="self" href="${xmlText(`${site}/builds.atom${self}`)}"/>
<link href="${xmlText(`${site}/builds`)}"/>
<updated>${updated || '1970-01-01T00:00:00.000Z'}</updated>
${ended.map((build) => entryOf(build, site)).join('')}</feed>
`;
  return withEtag(
    context,
    new Response(feed, { headers: { 'content-type': 'application/atom+xml; charset=utf-8' } }),
    false,
  );
}

function entryOf(build: BuildSummary, site: string): string {
  const { id, repo, number, subject, status, message, finishedAt } = build;
  const url = xmlText(`${site}/builds/${id}`);
  return `<entry>
<title>${xmlText(`${repo}#${number} ${statusWords[status]}: ${subject}`)}</title>
<id>${url}</id>
<link href="${url}"/>
<author><name>${xmlText(authorName(build)) || 'unknown'}</name></author>
<updated>${finishedAt}</updated>
<summary>${xmlText(message ?? '')}</summary>
</entry>
`;
}
