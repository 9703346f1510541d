import type { FinalStatus, Reason, Step } from '../../kernel/model.ts';

type JobState =
  /** the labels are those that the job asks for and a runner on this machine does not have */
  | { status: 'running'; missingLabels: string[] }
  | { status: FinalStatus; reason: Reason | null; message: string | null; outputs: { [name: string]: string } };

/** Events of a build that runs here; `job` is the number of the job, from 1. */
export type ExecEvent =
  /** what runs next */
  | { kind: 'build'; ref: string; sha: string; changed: boolean; event: string; workflows: string[] }
  | ({ kind: 'job'; job: number; name: string; workflow: string | null } & JobState)
  /** a step of a job has begun or ended; `index` counts from 0 */
  | { kind: 'step'; job: number; index: number; step: Step }
  /** a part of a job's log */
  | { kind: 'output'; job: number; text: string }
  /** a job that would run; `unknown` says why its steps are not known yet */
  | {
      kind: 'plan';
      job: number;
      name: string;
      workflow: string | null;
      labels: string[];
      steps: { title: string; runs: boolean }[];
      unknown: string | null;
    }
  /** the end of a dry run */
  | { kind: 'planned'; jobs: number }
  /** a sentence between two runs of `--watch` */
  | { kind: 'note'; text: string }
  | { kind: 'end'; status: FinalStatus; reason: Reason | null; message: string | null };

/** Shows the events. */
export interface ExecView {
  take(event: ExecEvent): void;
  close(): void;
}
