import { jobQueue, queueNames as names } from '../../queues/names.ts';
import { parseQueueLabels, servesQueue, takes } from '../../queues/queue-labels.ts';
import type { RunnerMember } from '../../redis/membership.ts';
import type { QueueDepth } from '../schemas/system.ts';
import type { Problem } from '../schemas/terms.ts';
import type { RedisState } from './redis-state.ts';
import { labelsText, noneTakes } from './waiting.ts';

export const unreachable: Problem = {
  code: 'redis_unreachable',
  message: 'Redis does not answer: no new jobs start, and stages and runners are unknown',
  remedy: 'Start the Redis server again; Volt then continues automatically.',
};

export function problemsOf({ stages, runners, queues, labelSets }: RedisState): Problem[] {
  const missing = (kind: string) => stages.find((stage) => stage.kind === kind)?.members.length === 0;
  const missingStages = [
    { kind: 'observer', effect: 'new commits are not noticed' },
    { kind: 'dispatcher', effect: 'new commits are queued but not built' },
    { kind: 'reporter', effect: 'runners keep results and logs until one runs' },
  ].filter(({ kind }) => missing(kind));
  return [
    ...missingStages.map(({ kind, effect }) => ({
      code: `no_${kind}`,
      message: `no ${kind} is running: ${effect}`,
      remedy: `Start one with \`volt ${kind}\`, or everything with \`volt up\`.`,
    })),
    ...(runners.length > 0 ? unservedLabels(runners, queues, labelSets) : [noRunner]),
    ...queues.flatMap(deadLetters),
    ...stageProblems(stages),
    ...runners.flatMap(({ name, host, problems }) =>
      problems.map((problem) => ({ ...problem, message: `runner ${name} on ${host}: ${problem.message}` })),
    ),
  ];
}

/** The problems that stages report, each once: several stages may report the same, for example about the database. */
function stageProblems(stages: RedisState['stages']): Problem[] {
  const byMessage = new Map<string, Problem>();
  for (const { kind, members } of stages) {
    for (const { host, problems } of members) {
      for (const { code, message, remedy } of problems) {
        if (!byMessage.has(message))
          byMessage.set(message, { code, message: `${kind} on ${host}: ${message}`, remedy });
      }
    }
  }
  return [...byMessage.values()];
}

const noRunner: Problem = {
  code: 'no_runner',
  message: 'no runner is connected: jobs wait in their queues',
  remedy: 'Start one with `volt runner`, on this machine or another.',
};

/** Label sets with waiting jobs that no runner serves, or only drained ones. */
function unservedLabels(runners: RunnerMember[], queues: QueueDepth[], labelSets: string[][]): Problem[] {
  return labelSets.flatMap((labels) => {
    const depth = queues.find(({ name }) => name === jobQueue(labels));
    const waiting = depth ? depth.waiting + depth.prioritized + depth.delayed : 0;
    // the dispatcher moves jobs that avoid a runner to a queue that it serves, if there is no other
    if (waiting === 0 || parseQueueLabels(labels).avoids) return [];
    const jobs = waiting === 1 ? '1 job is waiting' : `${waiting} jobs are waiting`;
    const serving = runners.filter((runner) => runner.stopping !== true && servesQueue(runner, labels));
    if (serving.length > 0)
      return serving.every(({ drained }) => drained === true) ? [drainedProblem(jobs, serving)] : [];
    const { kind } = parseQueueLabels(labels);
    return [
      {
        code: 'no_matching_runner',
        message: `${jobs}: ${whyUnserved(labels, runners)}`,
        remedy: `Start one with \`${runnerCommand(labels)}\`${machineIn(labels) ? ` on the machine ${machineIn(labels)}` : ''}${kind ? `, or ${noneTakes(kind, '').remedy}` : ''}.`,
      },
    ];
  });
}

function drainedProblem(jobs: string, serving: readonly RunnerMember[]): Problem {
  const [first] = serving;
  const which = serving.length === 1 ? `the only matching runner, ${first?.name}, is` : 'all matching runners are';
  return {
    code: 'runners_drained',
    message: `${jobs}: ${which} drained`,
    remedy: `Let ${serving.length === 1 ? 'it' : 'one'} take jobs again: \`volt runners resume ${serving.length === 1 ? first?.name : 'NAME'}\`.`,
  };
}

function whyUnserved(queue: string[], runners: RunnerMember[]): string {
  const { labels, repo, kind } = parseQueueLabels(queue);
  const withLabels = labels.length === 0 ? '' : ` with ${labelsText(labels)}`;
  if (repo !== undefined) return `no runner${withLabels} accepts jobs of ${repo}`;
  const matching = runners.filter((one) => labels.every((label) => one.labels.includes(label)));
  if (kind && matching.length > 0 && !matching.some((one) => takes(one, kind))) return noneTakes(kind, withLabels).why;
  return matching.length > 0
    ? `every runner${withLabels} only accepts jobs of certain repositories`
    : `no runner has ${labelsText(labels)}`;
}

/** The command that starts a runner for a queue. A runner has the label of its machine by default. */
function runnerCommand(queue: string[]): string {
  const asked = parseQueueLabels(queue).labels.filter((label) => !label.startsWith('host:'));
  return asked.length === 0 ? 'volt runner' : `volt runner --labels ${asked.join(',')}`;
}

function machineIn(labels: string[]): string | undefined {
  return labels.find((label) => label.startsWith('host:'))?.slice('host:'.length);
}

/** Dead letters: messages in a queue's failed set, or in the queue of dead letters. */
function deadLetters({ name, waiting, failed: ofQueue }: QueueDepth): Problem[] {
  const failed = ofQueue + (name === names.setAside ? waiting : 0);
  if (failed === 0) return [];
  return [
    {
      code: 'messages_set_aside',
      message: `the queue "${name}" has ${failed === 1 ? '1 dead letter, a message' : `${failed} dead letters, messages`} that could not be understood`,
      remedy: `See the cause at /queues/queue/${encodeURIComponent(name)}, fix it, and retry the messages there.`,
    },
  ];
}
