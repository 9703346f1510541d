import { attemptName } from '../kernel/model.ts';
import { hostLabel } from '../kernel/names.ts';
import type { AdvanceMessage, CommitMessage, ResultMessage, SecretsMessage } from './messages.ts';

/** The fixed queues. Jobs have one queue for each label set, see `jobQueue`. */
export const queueNames = {
  observe: 'observe',
  commits: 'commits',
  advance: 'advance',
  results: 'results',
  secrets: 'secrets',
  notices: 'notices',
  /** dead letters that came by other means than a queue; people read them, no stage consumes them */
  setAside: 'set-aside',
} as const;

/** The queue for polls of a repository. Polls of a repository that is a path on one machine go to that machine. */
export function observeQueue(host: string | null): string {
  return host === null ? queueNames.observe : `${queueNames.observe}.${hostLabel(host).slice('host:'.length)}`;
}

/**
 * The queue of the jobs that ask for exactly these labels; `jobs` without labels. Names of queues cannot contain ":", so
 * `host:a` becomes `host=a`.
 * @param labels canonical: sorted, each once
 */
export function jobQueue(labels: readonly string[]): string {
  return labels.length === 0 ? 'jobs' : `jobs.${labels.map((label) => label.replace(':', '=')).join('+')}`;
}

export function isJobQueue(name: string): boolean {
  return name === 'jobs' || name.startsWith('jobs.');
}

/**
 * Ids of messages. They follow from the content, so sending a message again does nothing while the first one is there.
 * BullMQ refuses ":" and bare integers.
 */
export const messageIds = {
  commit: ({
    repo,
    ref,
    sha,
    cursor,
    intent,
    approved,
  }: Pick<CommitMessage, 'repo' | 'ref' | 'sha' | 'cursor' | 'intent' | 'approved'>) => {
    if (approved) return `${repo}@approved.${approved.build}.${approved.digest}`;
    const id = cursor ? `${repo}@${cursor.generation}.${sha}.${ref}` : `${repo}@intent.${intent}`;
    return id.replaceAll(':', '=');
  },
  mend: ({ build }: AdvanceMessage) => `mend.${build}`,
  job: attemptName,
  secrets: (message: SecretsMessage) =>
    `${attemptName(message)}.${message.kind}${message.request === undefined ? '' : `.${message.request}`}`,
  result: (message: ResultMessage) =>
    `${attemptName(message)}.${message.kind}${message.kind === 'steps' ? `.${message.revision}` : ''}`,
};
