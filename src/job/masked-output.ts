import type { Annotation, Step } from '../kernel/model.ts';
import { finalStatuses, reasons, statuses } from '../kernel/model.ts';
import type { JobResult } from './input-and-result.ts';
import type { JobContext } from './job-context.ts';
import { JobLog } from './log.ts';
import { Masker } from './output/masker.ts';
import { withinMessage } from './result-size.ts';
import { StepList } from './step-list.ts';

/** Volt's own words by the fields in which they occur. Any other text in these fields comes from the job. */
const ownWords: Readonly<Record<string, ReadonlySet<string>>> = {
  status: new Set<string>([...statuses, 'passed', 'failed']),
  outcome: new Set<string>(finalStatuses),
  reason: new Set(Object.keys(reasons)),
  level: new Set<string>(['error', 'warning', 'notice'] satisfies Annotation['level'][]),
};
const times = new Set(['startedAt', 'finishedAt']);
const time = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** Masked texts that are cached; steps are reported again and again. */
const mostCached = 5000;

/**
 * All that leaves a job, with secrets masked in every field: its log, its steps while it runs, and its result. What
 * runs the job has no other access to it (`JobContext`).
 */
export class MaskedOutput {
  readonly log: JobLog;
  readonly steps: StepList;
  /** called with each masked chunk of the log */
  onLog: (chunk: Buffer) => void = () => undefined;
  readonly #masker = new Masker();
  #cache = new Map<string, string>();
  /** number of secrets for which the cache holds */
  #values = 0;
  /** the masked copy of each step; it stays the same object */
  readonly #copies = new WeakMap<Step, Step>();
  /** the status in which each step was last masked, with the secrets that are known now */
  #maskedIn = new WeakMap<Step, Step['status']>();

  constructor({ output, progress }: Pick<JobContext, 'output' | 'progress'>) {
    this.log = new JobLog((chunk) => {
      this.onLog(chunk);
      return output(chunk);
    }, this.#masker);
    this.steps = new StepList(this.log, (steps) => progress(steps.map((step) => this.#maskedStep(step))));
  }

  /** The result with secrets masked, small enough for a message. */
  result(result: JobResult): JobResult {
    return withinMessage(this.hide(result));
  }

  /** A value with secrets masked in all its texts, and in the names of outputs. */
  hide<T>(value: T): T {
    return hideIn(value, '', (text) => this.#masker.text(text)) as T;
  }

  /** Only a running step changes, so a job of a thousand steps does not mask all of them at each change of one. */
  #maskedStep(step: Step): Step {
    const areMore = this.#values !== this.#masker.values;
    if (areMore) this.#maskedIn = new WeakMap();
    if (areMore || this.#cache.size > mostCached) this.#cache = new Map();
    this.#values = this.#masker.values;
    const known = this.#copies.get(step);
    if (known && step.status !== 'running' && this.#maskedIn.get(step) === step.status) return known;
    const copy = Object.assign(
      known ?? {},
      hideIn(step, '', (text) => this.#mask(text)),
    ) as Step;
    this.#copies.set(step, copy);
    this.#maskedIn.set(step, step.status);
    return copy;
  }

  #mask(text: string): string {
    const hidden = this.#cache.get(text) ?? this.#masker.text(text);
    this.#cache.set(text, hidden);
    return hidden;
  }
}

function hideIn(value: unknown, field: string, hide: (text: string) => string): unknown {
  if (typeof value === 'string') return isOwn(value, field) ? value : hide(value);
  if (Array.isArray(value)) return value.map((each) => hideIn(each, field, hide));
  if (typeof value !== 'object' || value === null) return value;
  const isNamed = field === 'outputs';
  const entries = Object.entries(value).map(([key, each]) => [
    isNamed ? hide(key) : key,
    hideIn(each, isNamed ? '' : key, hide),
  ]);
  return Object.fromEntries(entries);
}

function isOwn(text: string, field: string): boolean {
  return ownWords[field]?.has(text) === true || (times.has(field) && time.test(text));
}
