import type { BuildSummary } from '../../kernel/model.ts';
import { cutTo } from '../table-lines.ts';
import { mark, paint, plain, verdict } from '../terminal.ts';
import { ago, took } from '../times.ts';
import { commitLine } from '../wording.ts';

/** The content of the live view. */
export interface ViewState {
  repositories: {
    name: string;
    /** code of the error that keeps Volt from polling it now */
    problem: string | null;
    observedAt: string | null;
    /** its running builds, oldest first */
    running: BuildSummary[];
    /** its newest finished build */
    last: BuildSummary | undefined;
  }[];
  running: number;
  queued: number;
  /** when this Volt started, ISO 8601 */
  since: string;
  /** end of the last line: the address of the dashboard and how to stop */
  footer: string;
}

/** The most lines of repositories: a share of the terminal's height, and a number. */
const share = 1 / 3;
const most = 12;

/**
 * The lines of the view: one for each running build, one for each other repository with its last result, newest first,
 * and one with totals.
 */
export function viewLines(state: ViewState, { columns, rows }: { columns: number; rows: number }): string[] {
  const mostLines = Math.max(1, Math.min(most, Math.floor(rows * share)));
  const width = Math.max(0, ...state.repositories.map(({ name }) => name.length));
  const lines = [...state.repositories].sort(byActivity).flatMap((repository) => {
    const name = paint('bold', repository.name.padEnd(width));
    return textsOf(repository, state.since).map(([sign, text]) => `${sign} ${name}  ${text}`);
  });
  const shown = lines.length > mostLines ? lines.slice(0, mostLines - 1) : lines;
  if (shown.length < lines.length) shown.push(paint('dim', `  and ${lines.length - shown.length} more`));
  const counts = [`${state.running} running`, ...(state.queued > 0 ? [`${state.queued} queued`] : [])].join(', ');
  const rule = paint('dim', '─'.repeat(Math.min(columns, 60)));
  return [rule, ...shown, paint('dim', `${counts} · ${state.footer}`)].map((line) => cutTo(line, columns));
}

type Repository = ViewState['repositories'][number];

/** @returns the sign and the text of each of a repository's lines */
function textsOf({ problem, observedAt, running, last }: Repository, since: string): [sign: string, text: string][] {
  if (running.length > 0) {
    return running.map((build) => [
      mark('running'),
      `${verdict('running')} ${took(build.startedAt, null) || 'soon'}  ${buildText(build)}`,
    ]);
  }
  if (problem !== null) return [[mark('error'), `cannot be polled: ${plain(problem)}`]];
  if (last) return [[mark(last.status), `${verdict(last.status)} ${ago(last.finishedAt ?? '')}  ${buildText(last)}`]];
  if (observedAt === null) return [[mark('queued'), `first fetch running, ${took(since, null)}`]];
  return [[mark('queued'), 'no builds yet']];
}

function buildText(build: BuildSummary): string {
  return `${commitLine(build)} ${paint('dim', plain(build.subject))}`;
}

/** Running builds first, then repositories that cannot be polled, then the last finished. */
function byActivity(a: Repository, b: Repository): number {
  const rank = ({ running, problem }: Repository) => (running.length > 0 ? 0 : problem !== null ? 1 : 2);
  const time = ({ last }: Repository) => last?.finishedAt ?? '';
  return rank(a) - rank(b) || time(b).localeCompare(time(a)) || a.name.localeCompare(b.name);
}
