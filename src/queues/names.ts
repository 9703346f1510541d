import { attemptName } from '../kernel/model.ts';
import { hostLabel } from '../kernel/names.ts';
import type { AdvanceMessage, CommitMessage, ResultMessage, SecretsMessage } from './messages.ts';

/** The fixed queues. Those of jobs are one for each set of labels, see `jobQueue`. */
export const queueNames = {
  observe: 'observe',
  commits: 'commits',
  advance: 'advance',
  results: 'results',
  secrets: 'secrets',
  /** nobody consumes it: what came by another way than a queue and could not be understood, for people to look at */
  setAside: 'set-aside',
} as const;

/** Polls of a repository that is a path on one machine go to that machine. */
export function observeQueue(host: string | null): string {
  return host === null ? queueNames.observe : `${queueNames.observe}.${hostLabel(host).slice('host:'.length)}`;
}

/**
 * Queue of the jobs that ask for exactly these labels; `jobs` itself for those that ask for none.
 * A queue's name cannot hold ":", so `host:a` is written `host=a`.
 * @param labels canonical: sorted, each once
 */
export function jobQueue(labels: readonly string[]): string {
  return labels.length === 0 ? 'jobs' : `jobs.${labels.map((label) => label.replace(':', '=')).join('+')}`;
}

/** Whether a queue of that name holds jobs. */
export function isJobQueue(name: string): boolean {
  return name === 'jobs' || name.startsWith('jobs.');
}

/**
 * Ids of messages. They follow from what the message says, so that sending one again changes nothing while the first is
 * still there. BullMQ refuses ":" and bare integers.
 */
export const messageIds = {
  commit: (message: Pick<CommitMessage, 'repo' | 'ref' | 'sha' | 'cursor' | 'intent'>) =>
    (message.cursor
      ? `${message.repo}@${message.cursor.generation}.${message.sha}.${message.ref}`
      : `${message.repo}@intent.${message.intent}`
    ).replaceAll(':', '='),
  mend: ({ build }: AdvanceMessage) => `mend.${build}`,
  job: attemptName,
  secrets: (message: SecretsMessage) => `${attemptName(message)}.${message.kind}`,
  result: (message: ResultMessage) =>
    `${attemptName(message)}.${message.kind}${message.kind === 'steps' ? `.${message.revision}` : ''}`,
};
