import type { NoticeOptions } from '../kernel/model/notice-shapes.ts';
import { filledText } from '../kernel/notice-template.ts';
import type { NoticeEvent } from '../kernel/notices.ts';
import type { NoticeBuild } from './notice-build.ts';

/** What a notice says besides links. */
export interface NoticeText {
  headline: string;
  lines: string[];
  /** whether a template of the target has made the lines */
  isOwn: boolean;
}

/** The texts of a notice about a build: by the templates of the target, else Volt's own. */
export function textOf(
  about: NoticeBuild,
  { event, url, options }: { event: NoticeEvent; url: string; options: Pick<NoticeOptions, 'title' | 'text'> },
): NoticeText {
  const { repo, branch, workflow, number, sha, subject, author, reason, tests, moreTests } = about;
  const values = {
    ...{ repository: repo, branch, event: said[event], number: String(number), commit: sha.slice(0, 12) },
    ...{ subject, author, reason, url, workflow: workflow ?? '' },
    tests: [...tests, ...(moreTests > 0 ? [`and ${moreTests} more`] : [])].join(', '),
  };
  const own = filledText(options, values);
  return {
    headline: own.headline ?? `${subjectOf(about)} of ${repo} ${said[event]}`,
    lines: own.lines ?? linesOf(about),
    isOwn: own.lines !== undefined,
  };
}

/** What works or is broken. */
export function subjectOf({ branch, workflow }: Pick<NoticeBuild, 'branch' | 'workflow'>): string {
  return workflow === null ? branch : `${workflow} on ${branch}`;
}

function linesOf({ repo, number, subject, author, reason, tests, moreTests, since }: NoticeBuild): string[] {
  return [
    `${repo}#${number} ${subject}, by ${author}`,
    ...(reason === '' ? [] : [reason]),
    ...tests.map((test) => `failed: ${test}`),
    ...(moreTests > 0 ? [`and ${moreTests} more`] : []),
    ...(since ? [`broken since #${since.number} ${since.subject}, by ${since.author}`] : []),
  ];
}

const said: { readonly [Event in NoticeEvent]: string } = {
  passed: 'passed',
  broken: 'is broken',
  still_broken: 'is still broken',
  fixed: 'works again',
  failing: 'fails',
  outdated: 'failed; a newer build has passed',
  flaky: 'failed by flaky tests alone',
  error: 'could not be tested',
};
