import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestEngine } from './engine.ts';
import { TestFolders } from './folder.ts';
import { makeTinyRoot } from './tiny-root.ts';

const redis = 'CMD ["redis-server"]';
const web = 'CMD ["httpd", "-f", "-p", "80", "-h", "/www"]';

/**
 * Images under the names of well-known ones, which no test could pull: with bash, a real Redis, and scripts in place of other
 * servers and clients.
 */
const images: Readonly<Record<string, readonly string[]>> = {
  'alpine:3': [],
  'alpine:latest': [],
  'debian:bullseye-slim': [],
  'ubuntu:18.04': [],
  'ubuntu:latest': [],
  'node:16-buster-slim': ['ENTRYPOINT ["docker-entrypoint.sh"]', 'CMD ["node"]'],
  'node:20': ['ENTRYPOINT ["docker-entrypoint.sh"]', 'CMD ["node"]'],
  'catthehacker/ubuntu:runner-latest': ['USER runner'],
  'nginx:latest': [web],
  'redis:7': [redis],
  'postgres:12': ['CMD ["stand-in-server", "5432"]'],
  'postgres:16': ['CMD ["stand-in-server", "5432"]'],
  'mysql:8': ['CMD ["stand-in-server", "3306"]'],
  'memcached:1': ['CMD ["stand-in-server", "11211"]'],
  'docker.elastic.co/elasticsearch/elasticsearch:8': [web],
  'opensearchproject/opensearch:2': [web],
};

/** Answers each connection with the port and the password that it was started with; ready after a while. */
const server = `sleep 0.5
touch /tmp/ready
echo "ready for connections on $1"
while true; do echo "stand-in $1 \${POSTGRES_PASSWORD:-\${MYSQL_PASSWORD:-}}" | nc -l -p "$1" || exit 1; done
`;

/** Programs of the images, as scripts for the shell. */
const scripts: Readonly<Record<string, string>> = {
  'stand-in-server': server,
  'docker-entrypoint.sh':
    'case "$1" in -*) set -- node "$@" ;; esac\ncommand -v "$1" > /dev/null || set -- node "$@"\nexec "$@"\n',
  // the image of Redis has another default
  'redis-server': 'exec /bin/redis-server --protected-mode no --save "" "$@"\n',
  node: 'echo "v16.0.0 $*"\n',
  // what they would install is there
  'apt-get': 'exit 0\n',
  apt: 'exit 0\n',
  apk: 'exit 0\n',
  curl: 'for last; do :; done\nuntil wget -q -O - "$last"; do sleep 0.1; done\n',
  mysql: 'for last; do :; done\nuntil nc -w 5 maindb 3306 < /dev/null; do sleep 0.1; done\necho "$last"\n',
  ...Object.fromEntries(['pg_isready', 'mysqladmin'].map((name) => [name, 'test -e /tmp/ready\n'])),
};

/** Makes all of them. */
export async function makeStandIns({ podman }: TestEngine): Promise<void> {
  const folders = new TestFolders();
  const folder = folders.make();
  try {
    const root = join(folder, 'root');
    const archive = join(folder, 'root.tar');
    makeTinyRoot(root, archive);
    appendFileSync(join(root, 'etc/passwd'), 'runner:x:1001:1001::/home/runner:/bin/bash\n');
    appendFileSync(join(root, 'etc/group'), 'runner:x:1001:\n');
    writeFileSync(join(root, 'etc/os-release'), 'ID=alpine\n');
    for (const name of ['www/_cluster', 'usr/bin', 'usr/local/bin', 'home/runner'])
      mkdirSync(join(root, name), { recursive: true });
    writeFileSync(join(root, 'www/index.html'), 'Welcome to nginx\n');
    writeFileSync(join(root, 'www/_cluster/health'), '{}\n');
    symlinkSync('/bin/busybox', join(root, 'usr/bin/env'));
    for (const name of ['bash', 'redis-server', 'redis-cli']) copyProgram(name, root);
    for (const [name, text] of Object.entries(scripts))
      writeFileSync(join(root, 'usr/local/bin', name), `#!/bin/sh\n${text}`, { mode: 0o755 });
    execFileSync('tar', ['-C', root, '-cf', archive, '.']);
    const made = new Map<string, string>();
    for (const [name, changes] of Object.entries(images)) {
      const same = made.get(JSON.stringify(changes));
      if (same === undefined) {
        const all = ['ENV PATH=/usr/local/bin:/usr/bin:/bin', ...changes].flatMap((change) => ['--change', change]);
        await podman('import', ...all, archive, fullName(name));
        made.set(JSON.stringify(changes), name);
      } else await podman('tag', fullName(same), fullName(name));
    }
  } finally {
    folders.remove();
  }
}

function fullName(name: string): string {
  if (name.startsWith('docker.elastic.co/')) return name;
  return `docker.io/${name.includes('/') ? '' : 'library/'}${name}`;
}

/** Copies a program of this machine, with the libraries that it needs. */
function copyProgram(name: string, root: string): void {
  const path = execFileSync('sh', ['-c', 'command -v "$0"', name], { encoding: 'utf8' }).trim();
  const needed = execFileSync('ldd', [path], { encoding: 'utf8' }).match(/\/\S+(?= \()/g) ?? [];
  for (const from of needed) copyTo(join(root, from), from);
  rmSync(join(root, 'bin', name), { force: true });
  copyTo(join(root, 'bin', name), path);
}

function copyTo(to: string, from: string): void {
  if (existsSync(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}
