import type { FinalStatus, Reason, Step } from '../../kernel/model.ts';

/** What happens while a build runs here; `job` is the job's number, from 1. */
export type ExecEvent =
  /** what is about to be run */
  | { kind: 'build'; ref: string; sha: string; changed: boolean; event: string; workflows: string[] }
  | {
      kind: 'job';
      job: number;
      name: string;
      workflow: string | null;
      status: 'running';
      /** labels that the job asks for and a runner on this machine would not have */
      missingLabels: string[];
    }
  | {
      kind: 'job';
      job: number;
      name: string;
      workflow: string | null;
      status: FinalStatus;
      reason: Reason | null;
      message: string | null;
      outputs: { [name: string]: string };
    }
  /** one of a job's steps has begun or ended; `index` counts from 0 */
  | { kind: 'step'; job: number; index: number; step: Step }
  /** a part of a job's log */
  | { kind: 'output'; job: number; text: string }
  /** a job that would run; `unknown` says why that cannot be told yet */
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
  /** what a person who watches is told between two runs */
  | { kind: 'note'; text: string }
  | { kind: 'end'; status: FinalStatus; reason: Reason | null; message: string | null };

/** Shows what happens. */
export interface ExecView {
  take(event: ExecEvent): void;
  close(): void;
}
