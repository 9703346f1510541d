import { durationStart } from '../kernel/build-duration.ts';
import { type BuildSummary, reasons, type Status } from '../kernel/model.ts';
import { pullRequestText } from '../kernel/pull-request.ts';
import { shortRef as nameOfRef } from '../kernel/ref-name.ts';
import { isFailing } from '../kernel/verdict.ts';
import { mark, paint, plain, plainLines, verdict } from './terminal.ts';
import { took } from './times.ts';

/** The name of a build, in output and as an argument: `sample#3`. */
export function buildName(build: Pick<BuildSummary, 'repo' | 'number'>): string {
  return `${build.repo}#${build.number}`;
}

export function shortRef(ref: string): string {
  return plain(nameOfRef(ref));
}

/** What a build is of: its pull request, or the name of its branch or tag. */
export function refText({ ref, pullRequest }: Pick<BuildSummary, 'ref' | 'pullRequest'>): string {
  return pullRequest ? plain(pullRequestText(pullRequest)) : shortRef(ref);
}

export function shortSha(sha: string): string {
  return sha.slice(0, 7);
}

/** The status of a build as a coloured word; one that still runs but can no longer pass is `failing`. */
export function buildVerdict(build: Pick<BuildSummary, 'status' | 'reason'>): string {
  return isFailing(build) ? verdict('failure', 'failing') : verdict(build.status);
}

/** `✔ sample#1 main 3f2a1b0 passed in 1.2 s` */
export function verdictLine(build: BuildSummary): string {
  const time = took(durationStart(build), build.finishedAt);
  const because = whyText(build, '    ');
  const why = because === undefined ? '' : ` (${because})`;
  return `${mark(build.status)} ${commitLine(build)} ${buildVerdict(build)}${time === '' ? '' : ` in ${time}`}${why}`;
}

/**
 * Why something has its status, in words; undefined if there is nothing to say. Scripts find the code with `--json`.
 * @param indent goes before each line but the first
 */
export function whyText(
  { reason, message }: Pick<BuildSummary, 'reason' | 'message'>,
  indent: string,
): string | undefined {
  if (message !== null) return plainLines(message, indent);
  return reason === null ? undefined : reasons[reason];
}

/** `sample#1 main 3f2a1b0` */
export function commitLine(build: BuildSummary): string {
  return `${paint('bold', buildName(build))} ${refText(build)} ${paint('dim', shortSha(build.sha))}`;
}

/** The exit code of a result: 0 success, 1 failed or cancelled, 3 ended in an error. */
export function exitCodeOf(status: Status): number {
  if (status === 'error') return 3;
  return status === 'failure' || status === 'cancelled' ? 1 : 0;
}
