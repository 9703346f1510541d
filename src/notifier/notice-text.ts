import type { NoticeOptions } from '../kernel/model/notice-shapes.ts';
import { filled, type TemplateValue, templateValues } from '../kernel/notice-template.ts';
import type { NoticeEvent } from '../kernel/notices.ts';
import type { NoticeBuild } from './notice-build.ts';
import { oneLine } from './one-line.ts';

/** The most characters of a line of a filled template, and the most lines. */
const longest = { title: 300, line: 500, lines: 30 };

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

/** What the templates of a target say of an example. */
export function exampleText(options: Pick<NoticeOptions, 'title' | 'text'>): { headline?: string; lines?: string[] } {
  return filledText(options, templateValues);
}

function filledText(
  { title, text }: Pick<NoticeOptions, 'title' | 'text'>,
  values: { readonly [Name in TemplateValue]: string },
): { headline?: string; lines?: string[] } {
  const headline = title === undefined ? '' : oneLine(filled(title, values), longest.title);
  const lines = text
    ?.split('\n')
    .map((line) => oneLine(filled(line, values), longest.line))
    .filter((line) => line !== '')
    .slice(0, longest.lines);
  return { ...(headline !== '' && { headline }), ...(lines && lines.length > 0 && { lines }) };
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
