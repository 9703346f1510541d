import { jobQueue, queueNames as names } from '../../queues/names.ts';
import { parseQueueLabels } from '../../queues/queue-labels.ts';
import { labelsText } from './waiting.ts';

const fixed: { readonly [name: string]: string } = {
  [names.observe]: 'Polls: an observer checks a repository for new commits.',
  [names.commits]: 'New commits, which a dispatcher turns into builds.',
  [names.advance]: 'Builds that a dispatcher looks at again, because a job has ended or a person wants something.',
  [names.results]: 'What runners report of their jobs, which a reporter writes to the database.',
  [names.secrets]: 'Requests of runners for the secrets of a job, which a dispatcher answers.',
  [names.notices]: 'Hints that there are statuses for forges or notices for people, which a notifier sends.',
  [names.setAside]: 'Dead letters that came through no other queue. No stage takes them: people read and remove them.',
};

/**
 * What a queue is for, in plain words.
 * @param labelSets the label sets that have a queue of jobs
 */
export function queueWords(queue: string, labelSets: readonly string[][]): string {
  const known = fixed[queue];
  if (known !== undefined) return known;
  if (queue.startsWith(`${names.observe}.`))
    return `Polls of repositories that are folders on the machine ${queue.slice(names.observe.length + 1)}.`;
  const labels = labelSets.find((set) => jobQueue(set) === queue);
  return labels ? jobWords(labels) : 'Jobs for runners.';
}

function jobWords(queue: readonly string[]): string {
  const { labels, repo, avoids, kind } = parseQueueLabels(queue);
  return [
    repo === undefined ? 'Jobs' : `Jobs of ${repo}, which some runners are reserved for,`,
    kind === 'pull-request' && 'of pull requests',
    kind === 'event' && 'that strangers may cause',
    `for ${labels.length === 0 ? 'any runner' : `runners with ${labelsText(labels)}`}`,
    kind === 'pull-request' && 'that isolates them',
    kind && kind !== 'pull-request' && kind !== 'event' && 'of this version of Volt',
    avoids && 'but not one that could not start them',
  ]
    .filter((part) => part !== false && part !== undefined)
    .join(' ')
    .concat('.');
}
