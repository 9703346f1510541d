import type { Payload } from '../../kernel/payload.ts';
import type { ForgeClient } from '../request.ts';
import { type AskedPage, askForPage, pageSize, pullsIn } from './list.ts';
import { branchIn, commitIn, type ForgePullRequest, nameIn, textsIn } from './pull-request.ts';

function gerritChange(its: Payload): ForgePullRequest {
  const status = its.at('status').text(30);
  return {
    number: its.at('_number').number(),
    updatedAt: timeIn(its.at('updated')),
    head: commitIn(its.at('current_revision')),
    baseRef: branchIn(its.at('branch')),
    facts: {
      title: nameIn(its.at('subject')),
      body: null,
      draft: status === null ? null : its.at('work_in_progress').flag() === true,
      labels: textsIn(its.at('hashtags')),
      author: nameIn(its.at('owner', 'username')) ?? nameIn(its.at('owner', 'name')),
      headRef: null,
      headRepo: null,
      isOpen: status === null ? null : status === 'NEW',
      merged: status === null ? null : status === 'MERGED',
      url: null,
    },
  };
}

/** Times are in UTC, without saying so: `2026-01-02 03:04:05.000000000`. */
function timeIn(payload: Payload): number | null {
  const [, day, time] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3})/.exec(payload.text(40) ?? '') ?? [];
  const at = day === undefined ? Number.NaN : Date.parse(`${day}T${time}Z`);
  return Number.isNaN(at) ? null : at;
}

/** https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#list-changes */
export function listAtGerrit(client: ForgeClient, project: string, { page, etag }: AskedPage) {
  const start = Number(page ?? 0);
  const query = new URLSearchParams({ q: `project:"${project}"`, n: String(pageSize), S: String(start) });
  const path = `/changes/?${query}&o=CURRENT_REVISION&o=DETAILED_ACCOUNTS`;
  return askForPage(client, { project, path, etag }, (answer) => {
    const isMore = answer.list(pageSize)?.at(-1)?.at('_more_changes').flag() === true;
    return { pulls: pullsIn(answer, gerritChange), next: isMore ? String(start + pageSize) : undefined };
  });
}
