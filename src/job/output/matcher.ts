import * as z from 'zod';
import type { Annotation } from '../../kernel/model.ts';

const group = z.number().int().min(0).max(99).optional();
const pattern = z.object({
  regexp: z.string().min(1).max(4000),
  file: group,
  fromPath: group,
  line: group,
  column: group,
  severity: group,
  code: group,
  message: group,
  loop: z.boolean().optional(),
});
type Pattern = z.infer<typeof pattern>;

/** A file of problem matchers, for the command `add-matcher`. */
const file = z.object({
  problemMatcher: z
    .array(
      z.object({
        owner: z.string().min(1).max(200),
        severity: z.string().optional(),
        pattern: z.array(pattern).min(1).max(10),
      }),
    )
    .max(100),
});

/** The values of the groups of one line, or of several lines together. */
type Found = Partial<Record<'file' | 'fromPath' | 'line' | 'column' | 'severity' | 'code' | 'message', string>>;
const keys = ['file', 'fromPath', 'line', 'column', 'severity', 'code', 'message'] as const;

/** A matcher and what it has found so far, as it travels between processes. */
export interface MatcherState {
  readonly owner: string;
  readonly severity: string;
  readonly patterns: readonly Pattern[];
  /** for each pattern, what it and those before it have found so far */
  readonly found: readonly (Found | undefined)[];
}

/**
 * Parses a file of matchers.
 * @throws Error with what is wrong
 */
export function parseMatchers(text: string): MatcherState[] {
  const parsed = file.safeParse(JSON.parse(text));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Error(`${issue?.path.join('.')}: ${issue?.message}`);
  }
  return parsed.data.problemMatcher.map(({ owner, severity, pattern: patterns }) => {
    for (const { regexp } of patterns) new RegExp(regexp);
    return { owner, severity: severity ?? 'error', patterns, found: [] };
  });
}

/**
 * One problem matcher: regular expressions that find problems in one line of output or several. The rules are those of
 * GitHub's runner (`IssueMatcher.cs`). An expression may take any time on a line.
 */
export class Matcher {
  readonly #about: MatcherState;
  readonly #patterns: readonly (Pattern & { expression: RegExp })[];
  #states: (Found | undefined)[];

  constructor(state: MatcherState) {
    this.#about = state;
    this.#patterns = state.patterns.map((one) => ({ ...one, expression: new RegExp(one.regexp) }));
    this.#states = [...state.found];
  }

  get state(): MatcherState {
    return { ...this.#about, found: this.#states };
  }

  /** Takes the next line. @returns the problem that the line completes */
  match(line: string): Annotation | undefined {
    const last = this.#patterns.length - 1;
    for (let index = last; index >= 0; index--) {
      const before = index === 0 ? {} : this.#states[index - 1];
      const step = this.#patterns[index] as Pattern & { expression: RegExp };
      const groups = before && step.expression.exec(line);
      if (index < last) {
        this.#states[index] = groups ? { ...before, ...read(step, groups) } : undefined;
      } else if (groups) {
        this.#states = [];
        if (step.loop && index > 0) this.#states[index - 1] = before;
        return this.#problem({ ...before, ...read(step, groups) });
      } else if (index > 0 && before) {
        this.#states[index - 1] = undefined;
      }
    }
    return undefined;
  }

  reset(): void {
    this.#states = [];
  }

  #problem(found: Found): Annotation | undefined {
    const level = (found.severity || this.#about.severity).toLowerCase();
    if (level !== 'error' && level !== 'warning' && level !== 'notice') return undefined;
    if (!found.message) return undefined;
    return {
      level,
      message: found.code ? `${found.code}: ${found.message}` : found.message,
      title: null,
      file: found.file || null,
      line: positive(found.line),
      endLine: null,
      column: positive(found.column),
      endColumn: null,
      logStart: null,
    };
  }
}

function read(step: Pattern, groups: RegExpExecArray): Found {
  const found: Found = {};
  for (const key of keys) {
    const index = step[key];
    const value = index === undefined ? undefined : groups[index]?.trim();
    if (value !== undefined) found[key] = value;
  }
  return found;
}

function positive(text: string | undefined): number | null {
  const value = Number(text);
  return Number.isSafeInteger(value) && value > 0 ? value : null;
}
