import { tinyImage } from './engine.ts';

const service = `{ image: '${tinyImage}', ports: ['8080:80'], command: sh -c 'while true; do echo hello | nc -l -p 80; done' }`;

/**
 * Files of a repository whose jobs have containers, a service, and docker actions by name and from a Dockerfile.
 * @param refused host and port that no job reaches, as arguments of nc
 */
export function containerWorkflow(refused: string): Record<string, string> {
  const workflow = `on: push
jobs:
  inside:
    runs-on: linux
    container: ${tinyImage}
    services: { web: ${service} }
    steps:
      - uses: actions/checkout@v4
      - run: until nc web 80 | grep hello; do sleep 0.1; done
      - run: '! nc -w 30 ${refused} < /dev/null'
      - run: test "$(id -u)" = 0 && touch made && chown 1000 made
      - uses: docker://${tinyImage}
        with: { entrypoint: sh, args: -c "test -e made && ! nc -w 30 ${refused} < /dev/null" }
      - uses: ./built
  outside:
    runs-on: linux
    services: { web: ${service} }
    steps:
      - run: until (exec 5<>/dev/tcp/localhost/8080; cat <&5) | grep hello; do sleep 0.1; done
        shell: bash
`;
  return {
    '.volt/workflows/ci.yml': workflow,
    // an ordinary user's ids have no other user in a sandbox
    'built/Dockerfile': `FROM ${tinyImage}\nRUN touch /x && chown node:33 /x\nCMD ["sh", "-c", "test -e /x -a -e made"]\n`,
  };
}
