import { isFinal, type Step } from '../../kernel/model.ts';
import { mark, paint, plain, plainLines, verdict } from '../terminal.ts';
import { took } from '../times.ts';
import { shortRef, shortSha } from '../wording.ts';
import type { ExecEvent } from './events.ts';

type Of<Kind extends ExecEvent['kind']> = Extract<ExecEvent, { kind: Kind }>;

/** What is about to be run. */
export function buildLine({ ref, sha, changed, event, workflows }: Of<'build'>): string {
  const what = workflows.length === 0 ? 'the tests that it finds' : `${workflows.map(plain).join(', ')} for ${event}`;
  const commit = `${shortRef(ref)} ${paint('dim', shortSha(sha))}${changed ? ' with uncommitted changes' : ''}`;
  return `${commit}: ${what}`;
}

/** A step with how long it took. */
export function stepLine(step: Step): string {
  const { name, status, outcome, exitCode } = step;
  const time = took(step.startedAt, step.finishedAt);
  const code = exitCode === null || exitCode === 0 ? '' : `, exit code ${exitCode}`;
  const forgiven = isFinal(status) && outcome === 'failure' && status === 'success' ? ', failed and may' : '';
  return `  ${mark(status)} ${plain(name)} ${paint('dim', `${time}${code}${forgiven}`)}`.trimEnd();
}

/** A job that is over, or is not run. */
export function jobLine(event: Of<'job'>): string {
  if (event.status === 'running') {
    const { missingLabels: missing } = event;
    const note =
      missing.length === 0 ? '' : ` (meant for a runner with ${missing.map(plain).join(', ')}; run here all the same)`;
    return `${mark('running')} ${paint('bold', plain(event.name))}${paint('dim', note)}`;
  }
  const why = event.message === null ? '' : `: ${plainLines(event.message, '    ')}`;
  return `${mark(event.status)} ${paint('bold', plain(event.name))} ${verdict(event.status)}${why}`;
}

export function endLine({ status, message }: Of<'end'>): string {
  return `${mark(status)} ${verdict(status)}${message === null ? '' : `: ${plainLines(message, '    ')}`}`;
}
