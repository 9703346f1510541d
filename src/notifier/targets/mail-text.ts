import type { NoticeBuild } from '../notice-build.ts';
import type { NoticeMessage } from '../notice-message.ts';
import { formed, inert, plainForm, whyText } from './plain-lines.ts';

/** A notice as plain text, for those who read no HTML. */
export function mailText(message: NoticeMessage): string {
  const { headline, about, lines, isOwn, link, stop } = message;
  const text = about === null || isOwn ? lines.map((line) => formed(line, message, plainForm)) : buildLines(about);
  return [
    ...[inert(headline), '', ...text, '', link.url, ''],
    // what follows this line is cut off where somebody answers
    ...['-- ', inert(whyText(message)), `Stop these notices: ${stop.url}`, ''],
  ].join('\n');
}

function buildLines({ repo, number, sha, subject, author, reason, tests, moreTests, since }: NoticeBuild): string[] {
  return [
    `  ${inert(subject) || 'no subject'}`,
    `  ${inert(author) || 'unknown'}, ${repo}#${number}, ${sha.slice(0, 8)}`,
    ...(reason === '' ? [] : ['', inert(reason)]),
    ...(tests.length === 0 ? [] : ['', 'Failed tests:', ...tests.map((test) => `  - ${inert(test)}`)]),
    ...(moreTests > 0 ? [`  and ${moreTests} more`] : []),
    ...(since ? ['', `Broken since #${since.number} ${inert(since.subject)}, by ${inert(since.author)}`] : []),
  ];
}
