import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { hasBuilder } from '../../support/engine.ts';
import { IsolatedJobs, isIsolable } from '../../support/isolation.ts';

const Dockerfile = `FROM scratch
COPY busybox /bin/sh
RUN echo "built by $(id -u)" && echo note > /note && chown 33:44 /note
CMD ["/bin/sh"]
`;

describe('a job that builds images by its own commands', function () {
  this.timeout(120_000);
  let jobs: IsolatedJobs | undefined;
  before(async function () {
    const isRoot = process.getuid?.() === 0;
    const programs = ['podman', 'newuidmap', 'busybox'].every((name) => existsSync(join('/usr/bin', name)));
    if (!isRoot || !programs || !hasBuilder() || !(await isIsolable('sandbox'))) this.skip();
  });
  afterEach(() => jobs?.clean());

  it('has buildah and podman in its sandbox, and keeps its images from step to step', async () => {
    jobs = new IsolatedJobs('sandbox', { allowBuilds: 'app' });
    const { outcome, log } = await jobs.steps(
      `
- uses: actions/checkout@v4
- run: |
    cp /usr/bin/busybox .
    buildah build --tag one .
- run: |
    for tag in two three; do podman build --quiet --tag $tag .; done
    echo "images: $(buildah images --format '{{.Name}}' | sort | tr '\\n' ' ')"
    buildah push --quiet one docker-archive:one.tar
    tar -xf one.tar; tar -tvf "$(ls ????????*.tar)" note`,
      jobs.repository({ Dockerfile }),
    );
    expect(outcome, log).to.include({ status: 'success' });
    expect(log)
      .to.include('\nbuilt by 0\n')
      .and.include('\nimages: localhost/one localhost/three localhost/two \n')
      .and.match(/ 33\/44 .* note\n/);
  });

  it('sees no more than others, whatever it mounts, and has no other ids', async () => {
    jobs = new IsolatedJobs('sandbox', { allowBuilds: 'app' });
    const hidden = join(jobs.dataDir, 'hidden');
    mkdirSync(hidden);
    writeFileSync(join(hidden, 'secret'), 'of Volt\n');
    const secret = join(hidden, 'secret');
    const { outcome, log } = await jobs.steps(`
- run: |
    cat > attack.sh <<'END'
    try() { "$@" 2>/dev/null && echo "done: $*"; }
    mkdir /tmp/one /tmp/two /tmp/all
    try mount -t tmpfs own /tmp/two
    try umount -l ${jobs.dataDir}
    try umount -l /usr
    try mount -o remount,rw,bind /usr
    try mount --bind / /tmp/one
    mount --rbind / /tmp/all
    try umount -l /tmp/all${jobs.dataDir}
    try cat ${secret} /tmp/one${secret} /tmp/all${secret} /proc/1/root${secret}
    try touch /usr/made
    try nsenter --target=1 --mount true
    try unshare --net true
    try unshare --cgroup true
    END
    unshare --user --map-root-user --mount sh attack.sh || true
    unshare --user --map-users=0:0:1 true || echo no root
    unshare --user --map-users=0:100000:65535 --map-groups=0:100000:65535 true && echo own ids`);
    expect(outcome, log).to.include({ status: 'success' });
    expect(log).to.include('\nno root\n').and.include('\nown ids\n').and.not.include('\nof Volt\n');
    expect(log.match(/^done: .*$/gm), log).to.deep.equal(['done: mount -t tmpfs own /tmp/two']);
  });

  it('is refused where the repository is not named, or its ref is not trusted', async () => {
    for (const [allowBuilds, ref] of [
      ['other', 'refs/heads/main'],
      ['app', 'refs/heads/other'],
    ] as const) {
      jobs?.clean();
      jobs = new IsolatedJobs('sandbox', { allowBuilds });
      const repository = jobs.repository();
      if (ref !== 'refs/heads/main') repository.git('branch', 'other');
      jobs.ref = ref;
      const { log } = await jobs.command('unshare --user --map-root-user true || echo refused', repository);
      expect(log, ref).to.include('Operation not permitted').and.include('\nrefused\n');
    }
  });
});
