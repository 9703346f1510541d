import type { Annotation, Step } from '../kernel/model.ts';
import { finalStatuses, reasons, statuses } from '../kernel/model.ts';
import type { JobResult } from './contract.ts';
import type { JobHost } from './host.ts';
import { JobLog } from './log.ts';
import { Masker } from './output/masker.ts';
import { withinMessage } from './result-size.ts';
import { StepList } from './step-list.ts';

/** Words that say what Volt has found, by the fields that hold them; whatever else stands there is text of the job. */
const ownWords: Readonly<Record<string, ReadonlySet<string>>> = {
  status: new Set<string>([...statuses, 'passed', 'failed']),
  outcome: new Set<string>(finalStatuses),
  reason: new Set(Object.keys(reasons)),
  level: new Set<string>(['error', 'warning', 'notice'] satisfies Annotation['level'][]),
};
const times = new Set(['startedAt', 'finishedAt']);
const time = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** Texts that are remembered; steps are told again and again. */
const mostRemembered = 5000;

/**
 * The one way by which anything leaves a job that it tells: its log, its steps while it runs, and its result. Secrets are hidden in
 * all of it, whatever field it stands in. What runs a job is not given the other end (`JobPlace`).
 */
export class MaskedOutput {
  readonly log: JobLog;
  readonly steps: StepList;
  /** is given the log as it leaves */
  heard: (chunk: Buffer) => void = () => undefined;
  readonly #masker = new Masker();
  #remembered = new Map<string, string>();
  #values = 0;
  /** what was told of each step, which stays the same object */
  readonly #told = new WeakMap<Step, Step>();

  constructor({ output, progress }: Pick<JobHost, 'output' | 'progress'>) {
    this.log = new JobLog((chunk) => {
      this.heard(chunk);
      return output(chunk);
    }, this.#masker);
    this.steps = new StepList(this.log, (steps) => progress(steps.map((step) => this.#shown(step))));
  }

  /** What may be known of a result. */
  result(result: JobResult): JobResult {
    return withinMessage(this.hide(result));
  }

  /** A value with the secrets hidden in all of its texts, and in the names of what a job has named. */
  hide<T>(value: T): T {
    return hideIn(value, '', (text) => this.#masker.text(text)) as T;
  }

  #shown(step: Step): Step {
    if (this.#values !== this.#masker.values || this.#remembered.size > mostRemembered) {
      this.#remembered = new Map();
      this.#values = this.#masker.values;
    }
    const told = Object.assign(
      this.#told.get(step) ?? {},
      hideIn(step, '', (text) => this.#recall(text)),
    ) as Step;
    this.#told.set(step, told);
    return told;
  }

  #recall(text: string): string {
    const hidden = this.#remembered.get(text) ?? this.#masker.text(text);
    this.#remembered.set(text, hidden);
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
