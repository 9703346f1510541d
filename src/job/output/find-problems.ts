import type { Annotation } from '../../kernel/model.ts';
import { Matcher, type MatcherState } from './matcher.ts';
import { withinTime } from './time-bound.ts';

/** Lines of output, and the matchers that they are given to: of those that find something the first counts. */
export interface Searchable {
  matchers: readonly MatcherState[];
  lines: readonly string[];
  /** where to go on: of which line, with which matcher */
  at: Position;
  /** processor time that each matcher may still take, in milliseconds */
  left: readonly number[];
}

interface Position {
  line: number;
  matcher: number;
}

export interface FoundProblems {
  problems: Annotation[];
  /** of the matchers, in their order: how each goes on, and what it has taken (ms) */
  matchers: { state: MatcherState; taken: number }[];
  /** how far this went; beyond the last line where it is done */
  at: Position;
}

/** Milliseconds after which an expression is interrupted, to see whether its matcher has taken too much. */
const interval = 100;
/** Milliseconds after which the rest is left for another time, since others wait. */
const turn = 1000;

interface Working {
  matcher: Matcher;
  taken: number;
  isSpent: boolean;
}

/** Finds the problems in lines. An expression that takes too long over them is interrupted, and given up with its matcher's time. */
export function findProblems({ matchers, lines, at: { line, matcher: place }, left }: Searchable): FoundProblems {
  const working = matchers.map(
    (state, index): Working => ({
      matcher: new Matcher(state),
      taken: 0,
      isSpent: (left[index] ?? 0) <= 0,
    }),
  );
  const problems: Annotation[] = [];
  const began = performance.now();
  let since = began;
  const work = (): boolean => {
    for (; line < lines.length && performance.now() - began < turn; line++, place = 0) {
      for (; place < working.length; place++) {
        const one = working[place] as Working;
        if (one.isSpent) continue;
        since = performance.now();
        const problem = one.matcher.match(plain(lines[line] as string));
        one.taken += performance.now() - since;
        if (!problem) continue;
        problems.push(problem);
        for (const other of working) if (other !== one) other.matcher.reset();
        break;
      }
    }
    return true;
  };
  for (let done = false; !done && performance.now() - began < turn; ) {
    onProcessor(working, () => {
      done = withinTime(interval, work) ?? false;
      const interrupted = done ? undefined : working[place];
      if (interrupted) interrupted.taken += performance.now() - since;
    });
    working.forEach((one, index) => {
      one.isSpent = one.taken >= (left[index] ?? 0);
    });
  }
  const ended = working.map(({ matcher, taken }) => ({ state: matcher.state, taken }));
  return { problems, matchers: ended, at: { line, matcher: place } };
}

/** Has time that the machine has not given to this process counted for nobody's. */
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
