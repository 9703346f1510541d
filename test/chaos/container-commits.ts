import { tinyImage } from '../support/engine.ts';

/** Name of the repository whose jobs run in containers. */
export const containerRepository = 'delta';

/** A step as the evidence of a run in a container has it. */
export type ContainerPhase = 'step' | 'post';

/** Seconds that the post step takes. */
const postLength = 1.5;

/**
 * Files of a repository whose job runs in a container, with a service and an action in a container of its own. Its evidence
 * has beats as long as its container lives, each with the step that runs.
 * @param evidence the folder of the jobs' evidence, which the container has as a volume
 */
export function containerFiles(evidence: string): Record<string, string> {
  return {
    ...workflowWith(tinyImage, evidence),
    'test.sh': [
      `file=${evidence}/$GITHUB_SHA`,
      'id=$(cat /proc/sys/kernel/random/uuid)',
      'say() { echo "$1 $id $EPOCHREALTIME $2" >> "$file"; }',
      'echo step > phase',
      'say start "$PWD"',
      // it ends with the container
      'beat() { while sleep 0.1; do say beat "$(cat phase)"; done; }',
      'beat > /dev/null 2>&1 &',
      'tries=0',
      'until nc service 80; do sleep 0.1; tries=$((tries + 1)); [ $tries -lt 100 ] || exit 9; done',
      'lines=0',
      'rounds=$((5 + 0x$(echo $id | head -c 1)))',
      'while [ $rounds -gt 0 ]; do',
      '  for line in 1 2 3 4 5 6 7 8 9 10; do lines=$((lines + 1)); echo "$id $lines"; done',
      '  sleep 0.1',
      '  rounds=$((rounds - 1))',
      'done',
      'say end $lines',
      '',
    ].join('\n'),
    'probe/action.yml': [
      'name: Probe',
      'runs:',
      '  using: docker',
      `  image: docker://${tinyImage}`,
      '  entrypoint: /github/workspace/probe/main.sh',
      '  post-entrypoint: /github/workspace/probe/post.sh',
      '',
    ].join('\n'),
    'probe/main.sh': '#!/bin/sh\necho main\n',
    'probe/post.sh': `#!/bin/sh\necho post > /github/workspace/phase\nsleep ${postLength}\n`,
  };
}

/** The file that gives the job its image. */
export function workflowWith(image: string, evidence: string): Record<string, string> {
  const workflow = `on: push
jobs:
  test:
    runs-on: linux
    container:
      image: ${image}
      volumes: ['${evidence}:${evidence}']
    services:
      service:
        image: ${tinyImage}
        command: sh -c "while true; do echo there | nc -l -p 80; done"
    steps:
      - uses: actions/checkout@v4
      - uses: ./probe
      - run: sh test.sh
`;
  return { '.volt/workflows/chaos.yml': workflow };
}
