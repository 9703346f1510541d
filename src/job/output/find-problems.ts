import type { Annotation } from '../../kernel/model.ts';
import { withinTime } from './bounded-regexp.ts';
import { Matcher, type MatcherState } from './matcher.ts';

/** Lines of output, and the matchers that search them. Only the first matcher that finds something in a line counts. */
export interface Searchable {
  matchers: readonly MatcherState[];
  lines: readonly string[];
  /** for each line, the bytes of the log before it */
  starts: readonly number[];
  /** where to go on: with which line and which matcher */
  at: Position;
  /** milliseconds of processor time that each matcher has left */
  left: readonly number[];
}

interface Position {
  line: number;
  matcher: number;
}

export interface FoundProblems {
  problems: Annotation[];
  /** for each matcher, in their order: its state, and the milliseconds that it took */
  matchers: { state: MatcherState; taken: number }[];
  /** where it stopped; after the last line if it is done */
  at: Position;
}

/** Milliseconds after which an expression is interrupted, to check whether its matcher has used up its time. */
const interval = 100;
/** Milliseconds after which the rest waits for another call, since other jobs wait. */
const sliceTime = 1000;

interface Working {
  matcher: Matcher;
  taken: number;
  isSpent: boolean;
}

/**
 * Finds the problems in lines. An expression that takes too long is interrupted, and its matcher is not used again once
 * its time is used up.
 */
export function findProblems({
  matchers,
  lines,
  starts,
  at: { line, matcher: index },
  left,
}: Searchable): FoundProblems {
  const working = matchers.map(
    (state, at): Working => ({
      matcher: new Matcher(state),
      taken: 0,
      isSpent: (left[at] ?? 0) <= 0,
    }),
  );
  const problems: Annotation[] = [];
  const began = performance.now();
  let since = began;
  const work = (): boolean => {
    for (; line < lines.length && performance.now() - began < sliceTime; line++, index = 0) {
      for (; index < working.length; index++) {
        const one = working[index] as Working;
        if (one.isSpent) continue;
        since = performance.now();
        const problem = one.matcher.match(plain(lines[line] as string));
        one.taken += performance.now() - since;
        if (!problem) continue;
        problems.push({ ...problem, logStart: starts[line] ?? null });
        for (const other of working) if (other !== one) other.matcher.reset();
        break;
      }
    }
    return true;
  };
  for (let done = false; !done && performance.now() - began < sliceTime; ) {
    onProcessor(working, () => {
      done = withinTime(interval, work) ?? false;
      const interrupted = done ? undefined : working[index];
      if (interrupted) interrupted.taken += performance.now() - since;
    });
    working.forEach((one, at) => {
      one.isSpent = one.taken >= (left[at] ?? 0);
    });
  }
  const ended = working.map(({ matcher, taken }) => ({ state: matcher.state, taken }));
  return { problems, matchers: ended, at: { line, matcher: index } };
}

/** Runs work, and counts only processor time of this process as time of the matchers. */
function onProcessor(working: readonly Working[], work: () => void): void {
  const before = working.map(({ taken }) => taken);
  const [wall, processor] = [performance.now(), process.cpuUsage()];
  work();
  const passed = performance.now() - wall;
  const used = process.cpuUsage(processor);
  const share = passed === 0 ? 1 : Math.min(1, (used.user + used.system) / 1000 / passed);
  working.forEach((one, index) => {
    const earlier = before[index] as number;
    one.taken = earlier + (one.taken - earlier) * share;
  });
}

function plain(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with an escape
  return line.replace(/\u001b\[[0-9;]*m?/g, '').replace(/\r$/, '');
}
