import type { BuildSummary } from '../../kernel/model.ts';
import { cutTo } from '../table.ts';
import { mark, paint, plain, verdict } from '../terminal.ts';
import { ago, took } from '../times.ts';
import { commitLine } from '../wording.ts';

/** What the view at the bottom of the terminal shows. */
export interface ViewState {
  repositories: {
    name: string;
    /** why it cannot be observed now; a code */
    problem: string | null;
    observedAt: string | null;
    /** its builds that run, oldest first */
    running: BuildSummary[];
    /** its newest build that is over */
    last: BuildSummary | undefined;
  }[];
  running: number;
  queued: number;
  /** when this Volt started, ISO 8601 */
  since: string;
  /** what stands at the end: where the dashboard is and how to stop */
  footer: string;
}

/** The view takes at most this share of the terminal's height, and at most so many lines of repositories. */
const share = 1 / 3;
const most = 12;

/**
 * The view as lines: a line for each build that runs, a line for each other repository with its last verdict, those
 * first of which there is news, and one line about the whole.
 */
export function viewLines(state: ViewState, { columns, rows }: { columns: number; rows: number }): string[] {
  const room = Math.max(1, Math.min(most, Math.floor(rows * share)));
  const width = Math.max(0, ...state.repositories.map(({ name }) => name.length));
  const lines = [...state.repositories].sort(byNews).flatMap((repository) => {
    const name = paint('bold', repository.name.padEnd(width));
    return textsOf(repository, state.since).map(([sign, text]) => `${sign} ${name}  ${text}`);
  });
  const shown = lines.length > room ? lines.slice(0, room - 1) : lines;
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
  if (problem !== null) return [[mark('error'), `cannot be observed: ${plain(problem)}`]];
  if (last) return [[mark(last.status), `${verdict(last.status)} ${ago(last.finishedAt ?? '')}  ${buildText(last)}`]];
  if (observedAt === null) return [[mark('queued'), `is being fetched for the first time, ${took(since, null)}`]];
  return [[mark('queued'), 'no build yet']];
}

function buildText(build: BuildSummary): string {
  return `${commitLine(build)} ${paint('dim', plain(build.subject))}`;
}

/** What runs goes first, then what cannot be observed, then what ended last. */
function byNews(a: Repository, b: Repository): number {
  const rank = ({ running, problem }: Repository) => (running.length > 0 ? 0 : problem !== null ? 1 : 2);
  const time = ({ last }: Repository) => last?.finishedAt ?? '';
  return rank(a) - rank(b) || time(b).localeCompare(time(a)) || a.name.localeCompare(b.name);
}
