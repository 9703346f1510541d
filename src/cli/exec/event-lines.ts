import { isFinal, type Step } from '../../kernel/model.ts';
import { mark, paint, plain, plainLines, verdict } from '../terminal.ts';
import { took } from '../times.ts';
import { shortRef, shortSha } from '../wording.ts';
import type { ExecEvent } from './events.ts';

type Of<Kind extends ExecEvent['kind']> = Extract<ExecEvent, { kind: Kind }>;

/** The lines of an event that looks the same in every view. */
export function linesOf(event: Exclude<ExecEvent, { kind: 'job' | 'step' | 'output' }>): string[] {
  switch (event.kind) {
    case 'build':
      return [buildLine(event)];
    case 'plan':
      return planLines(event);
    case 'planned':
      return [`${event.jobs === 1 ? '1 job' : `${event.jobs} jobs`} would run; nothing was run`];
    case 'note':
      return [plain(event.text)];
    case 'end':
      return [endLine(event)];
  }
}

/** What runs next. */
function buildLine({ ref, sha, changed, event, workflows }: Of<'build'>): string {
  const what = workflows.length === 0 ? 'discovered tests' : `${workflows.map(plain).join(', ')} for ${event}`;
  const commit = `${shortRef(ref)} ${paint('dim', shortSha(sha))}${changed ? ' with uncommitted changes' : ''}`;
  return `${commit}: ${what}`;
}

/** A step with how long it took. */
export function stepLine(step: Step): string {
  const { name, status, outcome, exitCode } = step;
  const time = took(step.startedAt, step.finishedAt);
  const code = exitCode === null || exitCode === 0 ? '' : `, exit code ${exitCode}`;
  const forgiven =
    isFinal(status) && outcome === 'failure' && status === 'success' ? ', failed (continue-on-error)' : '';
  return `  ${mark(status)} ${plain(name)} ${paint('dim', `${time}${code}${forgiven}`)}`.trimEnd();
}

/** A job that has begun, ended, or does not run. */
export function jobLine(event: Of<'job'>): string {
  if (event.status === 'running') {
    const { missingLabels: missing } = event;
    const note =
      missing.length === 0 ? '' : ` (asks for a runner with ${missing.map(plain).join(', ')}; runs here anyway)`;
    return `${mark('running')} ${paint('bold', plain(event.name))}${paint('dim', note)}`;
  }
  const why = event.message === null ? '' : `: ${plainLines(event.message, '    ')}`;
  return `${mark(event.status)} ${paint('bold', plain(event.name))} ${verdict(event.status)}${why}`;
}

/** A job that would run, with its steps as people number them. */
function planLines({ name, labels, steps, unknown }: Of<'plan'>): string[] {
  const heading = paint('bold', plain(name));
  if (unknown !== null) {
    const why = `unknown until the jobs that it needs have run: ${plainLines(unknown, '    ')}`;
    return [`${mark('waiting')} ${heading} ${why}`];
  }
  const on = labels.length === 0 ? '' : paint('dim', ` on ${labels.map(plain).join(', ')}`);
  const lines = steps.map(({ title, runs }, at) =>
    runs ? `  ${at + 1}. ${plain(title)}` : paint('dim', `  ${at + 1}. ${plain(title)} (not run)`),
  );
  return [`${mark('queued')} ${heading}${on}`, ...lines];
}

/** What a step has written to its summary. */
export function summaryLines({ name, summary }: Step): string[] {
  if (!summary) return [];
  return [
    paint('bold', `  Summary: ${plain(name)}`),
    ...summary
      .trimEnd()
      .split('\n')
      .map((line) => `    ${plain(line)}`),
  ];
}

function endLine({ status, message }: Of<'end'>): string {
  return `${mark(status)} ${verdict(status)}${message === null ? '' : `: ${plainLines(message, '    ')}`}`;
}
